"""Run folders: the ledger of everything that was trained."""
