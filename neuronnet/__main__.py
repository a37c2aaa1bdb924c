"""`python -m neuronnet`."""

import sys

from neuronnet.cli import main

sys.exit(main())
