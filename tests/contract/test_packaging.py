"""The package holds every operation that a policy allows and no other, and the same sources give the same bytes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from chalicelib.adapters import _aws
from infra import bytecode, package, shrink

# Actions of IAM that stand for operations of another name, or for Lambda's own polling and logging.
SPELT_OTHERWISE = {
    "dynamodb": {
        "ConditionCheckItem": "TransactWriteItems",
        "PartiQLInsert": "BatchExecuteStatement",
        "PartiQLUpdate": "BatchExecuteStatement",
    },
    "s3": {"DeleteObject": "DeleteObjects", "ListBucket": "ListObjectsV2"},
    "ses": {"SendRawEmail": "SendEmail"},
}
LAMBDAS_OWN = {
    "logs",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
LAMBDAS_OWN |= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
# Operations that are authorised by the actions on what they contain.
IMPLIED = {
    "dynamodb": {"TransactWriteItems"},
    "s3": {"HeadObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"},
    "sqs": {"SendMessageBatch"},
}


def test_what_ships_of_botocore_is_what_the_policies_allow() -> None:
    allowed: dict[str, set[str]] = {name: set(operations) for name, operations in IMPLIED.items()}
    for file in (package.ROOT / ".chalice").glob("policy-*.json"):
        for statement in json.loads(file.read_text())["Statement"]:
            actions = statement["Action"]
            for action in actions if isinstance(actions, list) else [actions]:
                service, _, operation = action.partition(":")
                if not {service, action} & LAMBDAS_OWN:
                    operation = SPELT_OTHERWISE.get(service, {}).get(operation, operation)
                    allowed.setdefault({"ses": "sesv2"}.get(service, service), set()).add(operation)
    assert allowed == shrink.OPERATIONS


def test_what_is_left_of_a_service_is_enough_to_sign_a_link(tmp_path: Path) -> None:
    """Signing needs more of a service's description than its operations do."""
    whole, cut = Path(botocore.__file__).parent / "data", tmp_path / "data"
    for name in ("s3", *shrink.SHARED_DATA):
        for found in whole.glob(f"{name}*" if name != "s3" else name):
            (shutil.copytree if found.is_dir() else shutil.copyfile)(found, cut / found.name)
    shrink._cut_service(cut / "s3", shrink.OPERATIONS["s3"])
    session = botocore.session.get_session()
    session.get_component("data_loader")._search_paths = [str(cut)]
    config = Config(**_aws.SETTINGS["s3"])
    s3: Any = session.create_client(
        "s3", "eu-central-1", aws_access_key_id="a", aws_secret_access_key="b", config=config
    )
    assert "X-Amz-Signature" in s3.generate_presigned_url("put_object", Params={"Bucket": "b", "Key": "k"})


# What is cut by name here must not be missed by what our services import.
CUT = ("babel", "pytz", "rapidfuzz", "Crypto", "liquid")
BESIDE = ("dateutil", "markupsafe", "importlib_resources", "typing_extensions.py", "six.py")
USED = """
import sys
sys.path.insert(0, sys.argv[1])
import liquid
assert liquid.Environment().from_string("{{ 'a' | upcase }}").render() == "A"
from rapidfuzz.distance import OSA, JaroWinkler
assert OSA.distance("ab", "ba") == 1 and JaroWinkler.similarity("a", "a") == 1
assert any("metrics_cpp" in name for name in sys.modules)
from Crypto.Cipher import AES
from Crypto.Hash import SHA1, SHA256
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15
made = AES.new(bytes(32), AES.MODE_GCM, nonce=bytes(12))
text, tag = made.encrypt_and_digest(b"secret")
assert AES.new(bytes(32), AES.MODE_GCM, nonce=bytes(12)).decrypt_and_verify(text, tag) == b"secret"
rsa, ecc = RSA.generate(1024), ECC.generate(curve="P-256")
for digest in (SHA1, SHA256):
    key = RSA.import_key(rsa.public_key().export_key())
    pkcs1_15.new(key).verify(digest.new(b"x"), pkcs1_15.new(rsa).sign(digest.new(b"x")))
signed = DSS.new(ecc, "fips-186-3", encoding="der").sign(SHA256.new(b"x"))
key = ECC.import_key(ecc.public_key().export_key(format="DER"))
DSS.new(key, "fips-186-3", encoding="der").verify(SHA256.new(b"x"), signed)
outside = {name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", "") or "")}
assert not outside, outside
print("all there")
"""


def test_what_is_cut_of_libraries_is_not_missed(tmp_path: Path) -> None:
    """Only names are copied where much is cut anyway: that it goes is seen, and all that stays is run."""
    library = Path(botocore.__file__).parent.parent
    large = shutil.ignore_patterns("locale-data", "zoneinfo", "SelfTest", "__pycache__")
    for name in (*CUT, *BESIDE):
        whole = library / name
        if whole.is_dir():
            shutil.copytree(whole, tmp_path / name, ignore=large if name in CUT else None)
        else:
            shutil.copyfile(whole, tmp_path / name)
    gone = [tmp_path / "babel/locale-data/de.dat", tmp_path / "pytz/zoneinfo/UTC", tmp_path / "Crypto/SelfTest/x.py"]
    for file in gone:
        file.parent.mkdir()
        file.touch()
    before = sum(file.stat().st_size for file in tmp_path.rglob("*.so"))
    shrink.shrink(tmp_path)
    assert not any(file.exists() for file in gone)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.so")) < before * 0.6
    command = [sys.executable, "-I", "-S", "-B", "-c", USED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "all there\n", done.stderr


def test_operations_that_our_code_calls_ship() -> None:
    """Adapters call botocore clients in snake case: `client("sqs").send_message_batch(...)`."""
    calls = set()
    for file in (package.ROOT / "chalicelib" / "adapters").rglob("*.py"):
        calls |= set(
            re.findall(
                r"(?:client\(\"\w+\"\)|_ssm|_sqs|_ses|_s3|sqs|ses|ssm)\.([a-z]+(?:_[a-z]+)+)\(", file.read_text()
            )
        )
    shipped = {_snake(name) for operations in shrink.OPERATIONS.values() for name in operations}
    # Functions read secrets; only infra makes them, with the whole botocore. Signing a link is no operation.
    assert calls - shipped <= {"put_parameter", "generate_presigned_url"}


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    archives = []
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "chalicelib").mkdir(parents=True)
        (folder / "app.py").write_text(
            "SET = {'a', 'b', 'c'}\n\n\ndef f(x: str) -> bool:\n    return x in {'d', 'e', 'f'}\n"
        )
        (folder / "chalicelib" / "empty.py").write_text("")
        (folder / "other.py").write_text("from app import f\n")
        bytecode.compile_all(folder)
        package.pack(folder, tmp_path / f"{name}.zip")
        archives.append((tmp_path / f"{name}.zip").read_bytes())
        shipped = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert {"app.py", "other.pyc"} <= shipped, "our own sources stay for stack traces"
        assert "other.py" not in shipped
    assert archives[0] == archives[1]


def test_sources_that_do_not_compile_are_named(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def broken(:\n")
    (tmp_path / "chalicelib").mkdir()
    with pytest.raises(RuntimeError, match=r"app\.py"):
        bytecode.compile_all(tmp_path)


def test_any_word_of_chalice_beyond_the_usual_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "EXPECTED", frozenset())
    with pytest.raises(package.PackageError, match="Creating deployment package"):
        package.run_chalice("dev", tmp_path, requirements=False)


def test_an_unknown_stage_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(package.PackageError, match=r"no stage nowhere .* dev, prod, local"):
        package.run_chalice("nowhere", tmp_path, requirements=False)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
