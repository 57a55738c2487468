"""A distribution as pip would have left it in a folder: what looking for plug-ins finds, and nothing else."""

from pathlib import Path


def lay_distribution(folder: Path, name: str, entry_points: str) -> None:
    """Write what is installed of a distribution, version 1.0, but its modules.

    Parameters
    ----------
    folder
        Which is or will be on the path; it is made if need be.
    name
        Of the distribution.
    entry_points
        The text of its ``entry_points.txt``.
    """
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entry_points)
