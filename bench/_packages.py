"""The two packages that are measured against each other, each unpacked and read-only as Lambda has them.

Ours is what `make package STAGE=local` builds. The bare one is the least that Chalice and PynamoDB allow: one model and
one route that gets an item by id, packaged by plain `chalice package`.
"""

import atexit
import os
import platform
import re
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from infra.package import CHALICE, PROCESSORS, ROOT, PackageError, build

BARE_APP = '''"""The least that answers GET /v1/contacts/{id} from the same table."""
import os

from chalice.app import Chalice
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

app = Chalice(app_name="bare")


class Item(Model):
    class Meta:
        table_name = os.environ.get("TABLE", "tendril")
        region = "eu-central-1"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    first_name = UnicodeAttribute(null=True)


@app.route("/v1/contacts/{contact_id}", methods=["GET"])
def get(contact_id):
    item = Item.get(contact_id, contact_id)
    return {"id": item.pk, "first_name": item.first_name}
'''
BARE_CONFIG = '{"version": "2.0", "app_name": "bare", "autogen_policy": false, "stages": {"dev": %s}}'


@cache
def ours() -> tuple[Path, Path]:
    """The built zip, and the folder it is unpacked into."""
    archive = build("local") / "deployment.zip"
    return archive, _unpack(archive)


@cache
def bare() -> Path:
    """The folder that the bare app's package is unpacked into. Raises PackageError."""
    folder = _folder("bare")
    (folder / ".chalice").mkdir()
    (folder / "app.py").write_text(BARE_APP)
    processor = PROCESSORS[platform.machine().lower()]
    (folder / ".chalice" / "config.json").write_text(BARE_CONFIG % f'{{"lambda_architecture": "{processor}"}}')
    (folder / ".chalice" / "policy-dev.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    # The same releases as ours.
    pins = re.findall(r"^(?:pynamodb|botocore)==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    (folder / "requirements.txt").write_text("\n".join(pins) + "\n")
    done = subprocess.run(
        [*CHALICE, "package", str(folder / "out")],
        cwd=folder,
        env={"AWS_DEFAULT_REGION": "eu-central-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(done.stdout + done.stderr)
    return _unpack(folder / "out" / "deployment.zip")


def _unpack(archive: Path) -> Path:
    folder = _folder("unpacked")
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def _folder(name: str) -> Path:
    """A folder that is gone when the measuring is over."""
    folder = Path(mkdtemp(prefix=f"tendril-{name}-"))
    atexit.register(_remove, folder)
    return folder


def _remove(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)
