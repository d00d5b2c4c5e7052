"""What pyproject.toml has no words for: the wheel carries folders that lie beside the package in the repository."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

#: Folder of the repository -> folder of the wheel, where `cgrecnet.paths` looks for it.
CARRIED = {
    "book/experiments": "cgrecnet/carried/experiments",
    "sweeps": "cgrecnet/carried/sweeps",
    "results": "cgrecnet/carried/results",  # what the notebooks that the book offers read
}


class BuildWithCarried(build_py):
    """The package, and copies of the carried files; an editable install has them in their own places."""

    def carried(self) -> dict[str, str]:
        """File of the repository -> its path in the wheel."""
        return {
            path.as_posix(): f"{there}/{path.relative_to(here).as_posix()}"
            for here, there in CARRIED.items()
            for path in sorted(Path(here).rglob("*"))
            if path.suffix in (".py", ".yaml", ".json", ".csv", ".npz", ".md")
        }

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in self.carried().items():
                target = Path(self.build_lib, target)
                self.mkpath(str(target.parent))
                self.copy_file(source, str(target))

    def get_source_files(self) -> list[str]:  # what the sdist holds
        return super().get_source_files() + list(self.carried())

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        own = super().get_outputs(include_bytecode)
        return own if self.editable_mode else own + [str(Path(self.build_lib, t)) for t in self.carried().values()]


setup(cmdclass={"build_py": BuildWithCarried})
