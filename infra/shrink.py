"""Cut what no function needs from an unpacked package: cold start is a budget, most of it spent on botocore's files.

The table names every AWS operation the functions may call; the policies in `.chalice/` must agree with it, which
`tests/contract/test_packaging.py` holds. Another operation is one word here and one in a policy.
"""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS: dict[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "GetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "TransactWriteItems",
        }
    ),
    "s3": frozenset(
        {
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CreateMultipartUpload",
            "DeleteObjects",
            "GetObject",
            "HeadObject",
            "ListObjectsV2",
            "PutObject",
            "UploadPart",
        }
    ),
    "sqs": frozenset({"SendMessage", "SendMessageBatch"}),
    "ssm": frozenset({"GetParameter"}),
    "sesv2": frozenset({"SendEmail"}),
}

# Files beside the service folders in botocore/data that a client reads; all others are for tools.
SHARED_DATA = frozenset({"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"})
SERVICE_DATA = ("service-2.json", "endpoint-rule-set-1.json")

# AWS endpoints carry certificates of Amazon Trust Services; Starfield is its older root, DigiCert signs for some
# partitions. Only botocore reads this bundle: mail servers and web hooks are checked against the system's own.
ROOTS = re.compile(r"O=(Amazon|Starfield Technologies|DigiCert Inc)\b")

# Read by people, compilers and development servers, or needed by features that are not used here.
UNUSED = (
    "*.dist-info",
    "*.data",
    "bin",
    "**/*.pyi",
    "**/py.typed",
    "cffi",  # builds extensions; what is built needs _cffi_backend only
    "pycparser",  # cffi's parser
    "boto3/examples",
    "boto3/data/[!d]*",  # resource layers of other services than DynamoDB
    "dateutil/zoneinfo/*.tar.gz",  # zones come from zoneinfo
    "pytz/zoneinfo",  # as above; babel imports pytz
    "babel/locale-data",  # how things are written in each language, which Liquid asks for in tags that we have not
    "babel/global.dat",
    "rapidfuzz/fuzz_cpp*",  # we measure distances; without these it takes its slow ones, which nobody calls
    "rapidfuzz/process_cpp_impl*",
    "rapidfuzz/utils_cpp*",
    # Second builds for processors that know more; the first is taken where they are not, as on every ARM.
    "rapidfuzz/distance/metrics_cpp_avx2*",
    "Crypto/*/*_bmi2_adx.*",
    "Crypto/SelfTest",
    # Ciphers and digests that no webhook is signed with, and no secret kept by.
    *(
        f"Crypto/Cipher/{name}.*"
        for name in ("_raw_arc2", "_raw_blowfish", "_raw_eksblowfish", "_raw_cast", "_raw_ocb", "_Salsa20", "_chacha20")
    ),
    *(f"Crypto/Hash/{name}.*" for name in ("_k12", "_poly1305", "_RIPEMD160", "_BLAKE2b", "_BLAKE2s", "_MD2", "_MD4")),
    "Crypto/PublicKey/_ml*",  # ML-DSA, ML-KEM
    "urllib3/contrib/emscripten",  # browsers
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/kafka",
)


def shrink(root: Path) -> None:
    """Cut the unpacked package at `root` in place. Raises LookupError when botocore no longer knows an operation."""
    for pattern in UNUSED:
        for path in list(root.glob(pattern)):
            _remove(path)
    data = root / "botocore" / "data"
    if not data.is_dir():
        return
    for path in data.iterdir():
        if path.name not in (OPERATIONS if path.is_dir() else SHARED_DATA):
            _remove(path)
    for service, operations in OPERATIONS.items():
        _cut_service(data / service, operations)
    _cut_endpoints(data / "endpoints.json")
    _cut_roots(root / "botocore" / "cacert.pem")


def _cut_service(folder: Path, operations: frozenset[str]) -> None:
    """Keep the newest version of a service, and of it the operations named with the shapes they reach."""
    *old, newest = sorted(folder.iterdir())
    for path in old:
        _remove(path)
    for name in SERVICE_DATA:
        packed = newest / f"{name}.gz"
        if packed.exists():
            (newest / name).write_bytes(gzip.decompress(packed.read_bytes()))
    for path in newest.iterdir():
        if path.name not in SERVICE_DATA:
            _remove(path)
    file = newest / "service-2.json"
    model = json.loads(file.read_bytes())
    missing = operations - model["operations"].keys()
    if missing:
        raise LookupError(f"botocore knows no {', '.join(sorted(missing))} in {folder.name}")
    model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
    reached = _reached(model)
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in reached}
    bare = _without_documentation(model)
    for parameter in bare.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # the one place where botocore asks for it
    _write(file, bare)
    rules = newest / "endpoint-rule-set-1.json"
    _write(rules, json.loads(rules.read_bytes()))


def _reached(model: dict[str, Any]) -> set[str]:
    """The names of all shapes that the model's operations reach."""
    reached: set[str] = set()
    queue = list(_references(model["operations"]))
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue.extend(_references(model["shapes"][name]))
    return reached


def _references(node: Any) -> Iterator[str]:
    """Every name under a key `shape`, at any depth."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _without_documentation(node: Any) -> Any:
    """The same model without its prose (a member that is itself called documentation is a dict, and stays)."""
    if isinstance(node, dict):
        return {
            key: _without_documentation(child)
            for key, child in node.items()
            if not (key == "documentation" and isinstance(child, str))
        }
    if isinstance(node, list):
        return [_without_documentation(child) for child in node]
    return node


def _cut_endpoints(file: Path) -> None:
    """Keep every partition and region, and of the services those in use."""
    endpoints = json.loads(file.read_bytes())
    # SES v2 answers under the endpoint prefix "email".
    wanted = {*OPERATIONS, "email", "sts"}
    for partition in endpoints["partitions"]:
        partition["services"] = {name: entry for name, entry in partition["services"].items() if name in wanted}
    _write(file, endpoints)


def _cut_roots(file: Path) -> None:
    """Keep the certificate authorities that AWS endpoints chain to: reading all costs a tenth of a cold start."""
    blocks = re.findall(r"(# Issuer:.*?-----END CERTIFICATE-----\n)", file.read_text(), re.DOTALL)
    kept = [block for block in blocks if ROOTS.search(block.split("-----BEGIN", 1)[0])]
    if len(kept) < 5:
        raise LookupError(f"only {len(kept)} certificate authorities of AWS found in {file.name}")
    file.write_text("".join(kept))


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, separators=(",", ":")))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
