"""The whole process of one sentence, from the command line to its French."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Options, table
from models import formats

from mt import default_model

SENTENCE = "Hello world! Where is the train station?"
DIRECT = """
import sys, ctranslate2, sentencepiece
folder, sentence = sys.argv[1:]
pieces = sentencepiece.SentencePieceProcessor(folder + '/tokenizer.model')
[result] = ctranslate2.Translator(folder + '/ct2').translate_batch([pieces.encode(' ' + sentence, out_type=str)], beam_size=4)
print(pieces.decode(result.hypotheses[0]))
"""


def start(options: Options) -> None:
    """mt beside CTranslate2 called by a script of five lines, and beside what Python and PyTorch need to start at all."""
    with tempfile.TemporaryDirectory() as folder:
        models = formats(default_model(), Path(folder))
        commands = {f"CTranslate2 called directly, {name}": [sys.executable, "-c", DIRECT, str(model), SENTENCE] for name, model in models.items()}
        for name, model in models.items():
            commands[f"mt translate, ct2 {name}"] = [sys.executable, "-m", "mt", "translate", "--engine", "ct2", "--model", str(model), SENTENCE]
        commands["mt translate, torch"] = [sys.executable, "-m", "mt", "translate", "--engine", "torch", SENTENCE]
        commands["mt --help"] = [sys.executable, "-m", "mt", "--help"]
        commands["python -c pass"] = [sys.executable, "-c", "pass"]
        commands["import torch"] = [sys.executable, "-c", "import torch"]
        rounds = [{name: timed(command, options) for name, command in commands.items()} for _ in range(1 + options.rounds)]
    seconds = {name: statistics.median(each[name] for each in rounds[1:]) for name in commands}   # first, files come into the disk cache
    floor = next(iter(seconds.values()))
    rows = {name: (f"{each:.2f} s", f"{each / floor:.2f} x") for name, each in seconds.items()}
    table("whole process for one sentence", ("seconds", "of the first"), rows)


def timed(command: list[str], options: Options) -> float:
    """Seconds that a command takes."""

    def processor() -> float:
        spent = os.times()
        return spent.children_user + spent.children_system

    clock = processor if options.cpu_time else time.perf_counter
    started = clock()
    subprocess.run(command, check=True, capture_output=True)
    return clock() - started
