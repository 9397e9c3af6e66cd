"""Makes testdata/chains.json: good chains, and the same with one thing changed in each.

    python3 testdata/chains/make.py

needs Python 3.11 and `cryptography` 43 or newer. Each case is a function: it takes the good chain, a leaf under a
trusted root, and changes one thing before the certificates are issued; its decorator names the case and every rule
that the chain breaks by RFC 5280, RFC 9525 or the Baseline Requirements. Cases that differ by one value are a table.
They come out byte by byte the same each time, keys included: those are drawn from their names, and are for nothing
but tests. DER is written by testdata/answers/x509.py.

The first part of a case's name says by whose rules it is judged: `webpki` by the CA/Browser Forum's, all others by
RFC 5280. The format is the one that the public harness reads (examples/limbo.rs).
"""

import pathlib
import sys

sys.dont_write_bytecode = True
import case

# Each of these registers its cases, in this order.
import web
import extensions
import constraints
import paths
import policy
import lists

case.write(pathlib.Path(__file__).parent.parent / "chains.json")
