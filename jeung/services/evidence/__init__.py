"""Turn kept judgements into evidence that others can check: read contracts' storage from proofs, and judge anew."""
