# SPDX-License-Identifier: MIT
"""TensorBoard reads what a run wrote for it, and it is what metrics.jsonl says.

usage: tensorboard_test.py KNACK PLUGINS FAILING_CALLS [argument of unittest...]
Needs the Python package `tensorboard`; without it the tests are skipped.
"""

import collections
import json
import math
import os
import signal
import struct
import sys

from runs import SAVE_ALWAYS, STOPPED, Case, main, small_recipe

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
except ImportError as missing:
    print(f"skipped: the Python package tensorboard is not installed ({missing})")
    sys.exit(77)

NOT_METRICS = {"step", "epoch", "samples", "split", "weights", "final"}
RECIPE = {
    **small_recipe(trainer={"epochs": 4}),
    "checkpoint": SAVE_ALWAYS,
}


def single(number):
    """As it is in 32 bits."""
    return math.nan if number is None else struct.unpack("f", struct.pack("f", number))[0]


def tag_of(line, name):
    if name in ("lr", "grad_norm"):
        return name
    if name.endswith(".seconds"):
        return "time/" + name.removesuffix(".seconds")
    return ("final/" if line.get("final") else "") + f"{line['split']}/{name}/{line['weights']}"


def expected(run, every):
    """The points of every tag that metrics.jsonl has."""
    points = collections.defaultdict(list)
    for text in (run / "metrics.jsonl").read_text().splitlines():
        line = json.loads(text)
        for name in line.keys() - NOT_METRICS:
            tag = tag_of(line, name)
            is_told = line["split"] == "train" and tag in ("lr", "grad_norm") and every and line["step"] % every == 0
            if not is_told:
                points[tag].append((line["step"], single(line[name])))
    return dict(points)


def files(run):
    return sorted(run.glob("events.out.tfevents.*"))


def events(run):
    """All events of a run, of which every checksum was right."""
    return [Event.FromString(record) for file in files(run) for record in RawEventFileLoader(str(file)).Load()]


def hyper_parameters(run):
    """What the table of hyper-parameters knows, by name of its tag."""
    data = {}
    for event in events(run):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "hparams":
                tag = value.tag.removeprefix("_hparams_/")
                assert tag not in data, f"{tag} is there twice"
                data[tag] = HParamsPluginData.FromString(value.metadata.plugin_data.content)
    return data


def plain(value):
    return getattr(value, value.WhichOneof("kind"))


class TensorBoard(Case):
    def read(self, run):
        accumulator = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
        return accumulator.Reload()

    def check(self, run, every=3):
        accumulator = self.read(run)
        points = expected(run, every)
        self.assertEqual(set(accumulator.Tags()["scalars"]), set(points))
        for tag, wanted in points.items():
            found = [(event.step, event.value) for event in accumulator.Scalars(tag)]
            self.assertEqual(found, wanted, tag)
        return points, accumulator

    def test_has_every_number_of_the_metrics(self):
        run = self.train(RECIPE)
        points, accumulator = self.check(run)
        self.assertEqual([step for step, _ in points["lr"]], [3, 4, 6, 8, 9, 12, 15, 16])
        self.assertEqual([step for step, _ in points["valid/loss/ema"]], [4, 8, 12, 16])
        for tag in ("step/loss/live", "train/loss/live", "grad_norm", "time/ema", "final/valid/top1/average"):
            self.assertIn(tag, points)
        times = [event.wall_time for event in accumulator.Scalars("train/loss/live")]
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[-1] - run.stat().st_mtime), 3600)

    def test_begins_with_the_version_of_the_format(self):
        run = self.train(small_recipe([]))
        self.assertEqual(events(run)[0].file_version, "brain.Event:2")
        self.assertRegex(files(run)[0].name, r"^events\.out\.tfevents\.\d+\..+\.\d+\.0$")

    def test_shows_the_recipe_as_text(self):
        run = self.train(small_recipe([]))
        text = self.read(run).Tensors("recipe/text_summary")[0].tensor_proto.string_val[0].decode()
        fence = "```"
        self.assertTrue(text.startswith(f"{fence}json\n") and text.endswith(f"\n{fence}"))
        shown = json.loads(text.removeprefix(f"{fence}json").removesuffix(fence))
        self.assertEqual(shown, json.loads((run / "recipe.json").read_text()))

    def test_shows_hyper_parameters_and_how_it_ended(self):
        data = hyper_parameters(self.train(RECIPE))
        shown = {name: plain(value) for name, value in data["session_start_info"].session_start_info.hparams.items()}
        expected = {
            "optimizer.lr": 0.1,
            "optimizer.nesterov": False,
            "tricks.ema.decay": 0.9,
            "trainer.seed": 1,
            "model.use": "mlp",
            "data.train.batch_size": 16,
        }
        self.assertEqual({name: shown.get(name) for name in expected}, expected)
        experiment = data["experiment"].experiment
        self.assertEqual({info.name for info in experiment.hparam_infos}, set(shown))
        self.assertIn("valid/top1/ema", [info.name.tag for info in experiment.metric_infos])
        self.assertEqual(data["session_end_info"].session_end_info.status, 1)  # STATUS_SUCCESS

    def test_knows_of_a_failure(self):
        recipe = small_recipe([], trainer={"non_finite": "stop"}, optimizer={"lr": 1e30})
        run = self.train(recipe, code=6)
        self.assertEqual(hyper_parameters(run)["session_end_info"].session_end_info.status, 2)  # STATUS_FAILURE

    def test_doubles_nothing_after_a_kill(self):
        for number in (3, 5, 11):
            with self.subTest(number):
                run = f"run{number}"
                self.train(RECIPE, run, code=-signal.SIGKILL, raises=f"after_step:{number}:{signal.SIGKILL}")
                self.knack("train", "--resume", self.folder / run)
                self.check(self.folder / run)
                self.assertEqual(len(files(self.folder / run)), 1)
                self.assertEqual(hyper_parameters(self.folder / run)["session_end_info"].session_end_info.status, 1)

    def test_forgets_a_torn_record(self):
        run = self.train(RECIPE, code=-signal.SIGKILL, raises=f"after_step:7:{signal.SIGKILL}")
        with files(run)[0].open("ab") as file:
            file.write(b"\x20\x00\x00")
        self.knack("train", "--resume", run)
        self.check(run)

    def test_begins_another_file_where_the_first_is_gone(self):
        run = self.train(RECIPE, code=STOPPED + signal.SIGTERM, raises=f"after_step:7:{signal.SIGTERM}")
        name = files(run)[0].name
        os.remove(files(run)[0])
        self.assertIn(f"{name} lacks records", self.knack("train", "--resume", run))
        found = self.read(run).Scalars("valid/loss/live")
        self.assertEqual([event.step for event in found], [8, 12, 16])
        self.assertEqual(set(hyper_parameters(run)), {"experiment", "session_start_info", "session_end_info"})


if __name__ == "__main__":
    main()
