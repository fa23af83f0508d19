"""Build what is deployed: `python -m infra.package dev` writes `build/dev/deployment.zip` and its `template.json`.

Chalice packages a clean copy of the sources, so that neither its cache nor a stray file decides what ships; then the
zip is unpacked, cut, compiled and packed again, the same bytes for the same input.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from chalicelib.handlers._rooms import INDEX
from infra.bytecode import compile_all
from infra.shrink import shrink

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "infra" / "resources.json"
SOURCES = ("app.py", "chalicelib", "requirements.txt", ".chalice/config.json")
CHALICE = (sys.executable, "-c", "from chalice.cli import main; main()")

# All that `chalice package` says when nothing is amiss. A dependency without a fitting wheel is only a warning to it.
EXPECTED = frozenset({"Creating deployment package."})
PROCESSORS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_INDEXING = """
import app, json
from chalicelib.handlers._routes import ROUTES
found = {}
for route in ROUTES:
    found.setdefault(route.path, set()).add(route.view.__module__.rpartition(".")[2])
print(json.dumps({path: sorted(rooms) for path, rooms in sorted(found.items())}))
"""
# Stages whose table may go when its stack goes.
DISPOSABLE = frozenset({"dev", "local"})


class PackageError(Exception):
    """The package cannot be built; the message says why."""


def build(stage: str, out: Path | None = None, root: Path = ROOT) -> Path:
    """Package `stage` into `out` (default `build/<stage>`), and return that folder. Raises PackageError."""
    out = out or root / "build" / stage
    with tempfile.TemporaryDirectory(prefix="tendril-package-") as name:
        work = Path(name)
        raw = run_chalice(stage, work, root)
        template = finish_template(json.loads((raw / "sam.json").read_text()), stage)
        unpacked = work / "unpacked"
        with zipfile.ZipFile(raw / "deployment.zip") as archive:
            archive.extractall(unpacked)
        (unpacked / "chalicelib" / "handlers" / INDEX).write_text(index_of_rooms(root))
        shrink(unpacked)
        compile_all(unpacked)
        out.mkdir(parents=True, exist_ok=True)
        pack(unpacked, out / "deployment.zip")
        (out / "template.json").write_text(json.dumps(template, indent=2) + "\n")
    return out


def run_chalice(stage: str, work: Path, root: Path = ROOT, requirements: bool = True) -> Path:
    """`chalice package` on a clean copy under `work`; returns its output folder. Raises PackageError on any warning.

    Without `requirements` the zip holds our own code only, which is enough to look at the template.
    """
    project, raw = work / "project", work / "raw"
    (project / ".chalice").mkdir(parents=True)
    for name in [*SOURCES, *(str(path.relative_to(root)) for path in (root / ".chalice").glob("policy-*.json"))]:
        if (root / name).is_dir():
            shutil.copytree(root / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(root / name, project / name)
    if not requirements:
        (project / "requirements.txt").write_text("")
    _choose_processor(project / ".chalice" / "config.json", stage)
    done = subprocess.run(
        [*CHALICE, "package", "--stage", stage, "--merge-template", str(RESOURCES), str(raw)],
        cwd=project,
        env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode or set(said) - EXPECTED:
        raise PackageError("chalice package has something to say:\n" + "\n".join(said))
    return raw


def index_of_rooms(root: Path = ROOT) -> str:
    """Which rooms answer which path, as JSON: the package opens a room when somebody comes to it."""
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _INDEXING], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageError(f"The rooms cannot be opened:\n{done.stderr}")
    return done.stdout


def finish_template(template: dict[str, Any], stage: str) -> dict[str, Any]:
    """The stage's own template. Raises PackageError when the merge file names a resource that Chalice does not make."""
    strangers = sorted(name for name, resource in template["Resources"].items() if "Type" not in resource)
    if strangers:
        raise PackageError(f"infra/resources.json patches what Chalice does not make: {', '.join(strangers)}")
    template["Parameters"]["Stage"]["Default"] = stage
    _let_parameter_choose_origin(template)
    if stage in DISPOSABLE:
        for resource in template["Resources"].values():
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if policy in resource:
                    resource[policy] = "Delete"
    return template


def _let_parameter_choose_origin(template: dict[str, Any]) -> None:
    """API Gateway answers preflight requests by itself; Chalice writes in what the origin is while packaging."""
    origin = "method.response.header.Access-Control-Allow-Origin"
    for path in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"].values():
        if "options" in path:
            answer = path["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
            answer["responseParameters"][origin] = {"Fn::Sub": "'${CorsOrigin}'"}


def pack(folder: Path, target: Path) -> None:
    """Zip `folder` so that equal contents give equal bytes: sorted names, one date, one mode."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, path.read_bytes())


def _choose_processor(config: Path, stage: str) -> None:
    """Stage local runs on this machine; Chalice's configuration cannot say so."""
    content = json.loads(config.read_text())
    if stage not in content["stages"]:
        raise PackageError(f"no stage {stage} in .chalice/config.json, only {', '.join(content['stages'])}")
    if stage == "local":
        content["stages"][stage]["lambda_architecture"] = PROCESSORS[platform.machine().lower()]
        config.write_text(json.dumps(content))


def main() -> int:
    """Package the stage named on the command line, and say what came of it."""
    stage = sys.argv[1] if len(sys.argv) > 1 else "dev"
    try:
        out = build(stage)
    except (PackageError, LookupError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    archive = out / "deployment.zip"
    with zipfile.ZipFile(archive) as content:
        unzipped = sum(entry.file_size for entry in content.infolist())
    print(f"{os.path.relpath(archive)}: {archive.stat().st_size / 1e6:.1f} MB, unzipped {unzipped / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
