"""What was cut from the package is missed by nobody: all that our code may import is used once, from the zip alone."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.package import ROOT

pytestmark = pytest.mark.e2e

EVERYTHING = """
import importlib, pkgutil, ssl, sys, zoneinfo
sys.path.insert(0, sys.argv[1])
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)

import argon2
assert argon2.PasswordHasher().verify(argon2.PasswordHasher().hash("x"), "x")

import liquid, mrml, nh3
assert liquid.Environment().from_string("{{ 'a' | upcase }}").render() == "A"
assert nh3.clean("<b onclick=x>a</b>") == "<b>a</b>"
made = mrml.to_html("<mjml><mj-body></mj-body></mjml>")
assert "<body" in getattr(made, "content", made)

zoneinfo.reset_tzpath(())
assert zoneinfo.ZoneInfo("Europe/Berlin").key == "Europe/Berlin"

import botocore
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(botocore.__path__[0] + "/cacert.pem")
names = {dict(part[0] for part in authority["subject"])["organizationName"] for authority in context.get_ca_certs()}
assert names == {"Amazon", "Starfield Technologies, Inc.", "DigiCert Inc"}, names

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
DynamoDBPersistenceLayer("table")

outside = {name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", "") or "")}
assert not outside, outside
print("all there")
"""


def test_everything_our_code_may_import_works_from_the_zip_alone(stack: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(ROOT / "build" / "local" / "deployment.zip") as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", EVERYTHING, str(tmp_path)],
        env={"AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("all there\n"), done.stdout + done.stderr
