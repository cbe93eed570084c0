"""Several processes that train one run: the same run as by one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_runs import ONE_THREAD, small

from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.experiments import lab
from fer_engine.experiments.spec import override
from fer_engine.models import registry
from fer_engine.runs import store
from fer_engine.training import fit
from fer_engine.training.device import best_precision, devices_here, settle
from fer_engine.training.hardware import Hardware
from fer_engine.training.leading import leads
from fer_engine.training.run import prepare, train_run

# Dropout and batch normalisation differ between devices; all else must not. Two cannot share five faces alike.
SETTINGS = {
    "network.widths": [4, 4],
    "network.hidden": [8],
    "network.norm": "none",
    "network.dropout": 0,
    "sizes": [40, 48],
    "batch_size": 5,
    "epochs": 2,
    "monitor": "last",
}


def command(name: str, *options: str) -> list[str]:
    """Train a small net on drawn faces."""
    settings = [f"--set={field}={json.dumps(value)}" for field, value in SETTINGS.items()]
    words = ["train", "--model", "net5", "--name", name, "--data", "synthetic:140"]
    return [*words, "--device", "cpu", "--precision", "32-true", "--threads", "1", *settings, *options]


def train(name: str, *options: str) -> store.Run:
    """The same, in processes of their own."""
    line = [sys.executable, "-m", "fer_engine", *command(name, *options)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return store.finished_run(name)


def torchrun(*words: object, here: Path | None = None) -> None:
    """Run something in two processes, as `torchrun` starts them; modules beside the tests are found where it is said."""
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | ({"PYTHONPATH": str(here)} if here else {})
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_two_processes_follow_one():
    one = train("one")
    torchrun("-m", "fer_engine", *command("by-torchrun", "--devices", "2"))
    for two in (train("two", "--devices", "2"), store.finished_run("by-torchrun")):
        weights, others = load_file(one.path / store.WEIGHTS), load_file(two.path / store.WEIGHTS)
        for name, tensor in weights.items():
            np.testing.assert_allclose(tensor.float(), others[name].float(), atol=2e-3, err_msg=name)  # rounding, to half precision
        drop = ["seconds"]
        np.testing.assert_allclose(one.history().drop(columns=drop), two.history().drop(columns=drop), rtol=1e-3)
        assert two.manifest["machine"]["devices"] == 2


ONE_OF_TWO_DIVERGES = """
import sys
from pathlib import Path

import torch
from small_runs import small

from fer_engine.data.source import open_data
from fer_engine.errors import FerLabError
from fer_engine.training import fit
from fer_engine.training.hardware import Hardware
from fer_engine.training.run import prepare, train_run

train_step = fit.train_step


def step(trainer, *arguments):
    losses = train_step(trainer, *arguments)
    return losses + torch.nan if trainer.fabric.global_rank == 1 else losses


fit.train_step = step
faces = open_data("synthetic:140").faces
try:
    train_run(prepare(small(), faces, "wild"), faces, Hardware("cpu", "32-true", threads=1, devices=2))
except FerLabError as error:
    Path(sys.argv[1], str(torch.distributed.get_rank())).write_text(str(error))
"""


@pytest.mark.slow
def test_processes_stop_by_one_sentence_where_the_loss_of_one_is_no_number(tmp_path):
    script, said = tmp_path / "script.py", tmp_path / "said"
    script.write_text(ONE_OF_TWO_DIVERGES)
    said.mkdir()
    torchrun(script, said, here=Path(__file__).parent)
    told = {path.name: path.read_text() for path in said.iterdir()}
    assert told == dict.fromkeys("01", "The loss became nan in epoch 1, step 1: the training diverged. Lower optimizer.lr.")


@pytest.mark.slow
def test_processes_stop_where_the_first_alone_cannot_save():
    """Else the others would wait for it, for good, and hold their devices."""
    run = prepare(override(lab.recipe("net5"), SETTINGS), open_data("synthetic:140").faces, "no-room").folder
    (run / store.HISTORY).mkdir()
    line = [sys.executable, "-m", "fer_engine", "train", "--name", "no-room", "--resume", "--data", "synthetic:140"]
    done = subprocess.run([*line, "--devices", "2", "--device", "cpu"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "history.csv could not be written" in done.stderr
    assert "Another process of this training failed" in done.stderr


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"RANK": "0", "LOCAL_RANK": "0"}, True),
        ({"RANK": "2", "LOCAL_RANK": "0"}, False),  # torchrun, first process of the second machine
        ({"LOCAL_RANK": "1"}, False),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, False),
    ],
)
def test_one_process_leads(monkeypatch, environment, expected):
    for name in ("RANK", "LOCAL_RANK", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert leads() == expected


@pytest.mark.parametrize("numbers", [{"devices": 0}, {"nodes": 0}])
def test_number_of_devices_that_makes_no_sense_is_a_sentence(numbers):
    with pytest.raises(FerLabError, match="both are at least 1"):
        Hardware(**numbers)


# GPUs, where there is none.


@pytest.fixture
def gpus(monkeypatch):
    """Two GPUs, as torch tells of them; whether they multiply bfloat16 themselves is up to the test."""

    def there(bf16: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16 or including_emulation)

    return there


@pytest.mark.parametrize(
    ("bf16", "expected"), [(True, ("bf16-mixed", "16-mixed", "32-true")), (False, ("16-mixed", "bf16-mixed", "32-true"))]
)
def test_gpu_comes_first_with_the_precision_that_it_is_fastest_in(gpus, bf16, expected):
    gpus(bf16)
    first, last = devices_here()
    assert (first.name, first.title, first.precisions, first.count) == ("cuda", "a GPU", expected, 2)
    assert last.name == "cpu"
    assert best_precision("cuda") == expected[0]
    assert (settle(Hardware()).device, settle(Hardware()).precision) == ("cuda", expected[0])
    assert settle(Hardware(device="cpu")).precision == best_precision("cpu")


@pytest.mark.parametrize("gains", [True, False])
def test_processor_trains_in_half_precision_where_it_gains_from_it(monkeypatch, gains):
    monkeypatch.setattr("fer_engine.training.device.cpu_gains_from_bf16", lambda: gains)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (processor,) = devices_here()
    assert processor.precisions == (("bf16-mixed", "32-true") if gains else ("32-true", "bf16-mixed"))
    assert best_precision("cpu") == processor.precisions[0]


def test_more_gpus_than_there_are_is_a_sentence(gpus):
    gpus(True)
    with pytest.raises(FerLabError, match="devices is 3, but torch finds 2 CUDA devices here"):
        settle(Hardware(devices=3))


def test_batch_statistics_are_those_of_all_gpus_and_the_network_stays_the_same():
    faces = torch.randn(3, 1, 48, 48)
    plain = registry.build("net5").eval()
    before, names = plain(faces), list(plain.state_dict())
    for devices, device in ((1, "cuda"), (2, "cpu")):
        assert fit.synchronised(plain, devices, torch.device(device)) is plain
    network = fit.synchronised(plain, 2, torch.device("cuda"))
    kinds = {type(module) for module in network.modules()}
    assert torch.nn.SyncBatchNorm in kinds
    assert torch.nn.BatchNorm2d not in kinds
    assert list(network.state_dict()) == names
    assert torch.equal(network(faces), before)


def test_loss_is_looked_at_every_so_many_steps_where_a_look_makes_the_device_wait(monkeypatch, noise_faces):
    assert (fit.look_every(torch.device("cpu")), fit.look_every(torch.device("cuda"))) == (1, 25)
    looks: list[tuple] = []
    monkeypatch.setattr(fit, "look_every", lambda device: 3)
    monkeypatch.setattr(fit, "refuse_divergence", lambda loss, epoch, step, *name: looks.append((epoch, step, *name)))
    trained = train_run(prepare(small(epochs=1), noise_faces, "seldom"), noise_faces, ONE_THREAD)
    assert looks == [(1, 1), (1, 4), (1, 5), (1, 5, "validation loss")]  # of five steps
    assert trained.finished
