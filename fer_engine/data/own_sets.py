"""The user's own data sets in the run area: those that were brought, and the recipes of cleaned ones."""

from pathlib import Path

from fer_engine import settings

IMPORTED, RECIPES = "imported", "recipes"  # folders in the run area
_ENDINGS = {IMPORTED: "parquet", RECIPES: "json"}


def own_sets() -> dict[str, Path]:
    """The sets by name ('imported/mine', 'recipes/without-copies'), the newest first."""
    found = [
        (path.stat().st_mtime, f"{folder}/{path.stem}", path.absolute())
        for folder, ending in _ENDINGS.items()
        for path in (settings.runs_dir() / folder).glob(f"[!.]*.{ending}")
    ]
    return {name: path for _, name, path in sorted(found, key=lambda item: (-item[0], item[1]))}
