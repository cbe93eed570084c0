"""Faces and their labels: the FaceSet, its readers, the drawn set and augmentation."""
