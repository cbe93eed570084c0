"""Metrics, their uncertainty, and calibration."""
