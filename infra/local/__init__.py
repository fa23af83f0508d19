"""The whole system on one machine: `python -m infra.local`. Never part of a package."""
