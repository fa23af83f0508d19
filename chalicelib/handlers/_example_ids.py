"""Ids as the API's description shows them."""

from typing import Final

ULID: Final = "01HX5ZZKBKACTAV9WEVGEMMVRZ"
COM, CON, DEA, JOB = (f"{prefix}_{ULID}" for prefix in ("com", "con", "dea", "job"))
PIP, STG, TOK, TSK, USR = (f"{prefix}_{ULID}" for prefix in ("pip", "stg", "tok", "tsk", "usr"))
