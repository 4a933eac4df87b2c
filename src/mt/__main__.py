"""python -m mt, and torchrun -m mt."""

from mt.cli.app import main

main()
