#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `knack explain` says that tricks change; see runs.py for what this needs."""

import re

from explain_test import ExplainCase, recipe_of
from runs import PLUGINS, TRICKS, main


class Changes(ExplainCase):
    def changes(self, tricks, **sections):
        """What each trick was seen to change: (what, weight set, count, hooks)."""
        told, text = self.explain(recipe_of(tricks, **sections))
        self.assertEqual(told["conflicts"], [])
        for trick in told["tricks"]:
            for change in trick["changes"]:
                self.assertRegex(text, rf"\n  (changes|       ) +{change['what']} ?.* in {', '.join(change['hooks'])}\n")
        return {
            trick["name"]: {(c["what"], c["set"], c["count"], *c["hooks"]) for c in trick["changes"]}
            for trick in told["tricks"]
        }

    def test_what_tricks_change_in_their_hooks_is_seen(self):
        changes = self.changes(TRICKS)
        self.assertEqual(changes["no_weight_decay"], set())
        self.assertEqual(changes["accumulate"], set())
        self.assertEqual(changes["ema"], {("parameters", "ema", 6, "after_step"), ("buffers", "ema", 3, "after_step")})
        self.assertEqual(changes["precise_bn"], {("buffers", name, 2, "eval_begin") for name in ("live", "ema")})
        files = ("uses files of its own", None, 1, "eval_end", "fit_end")
        self.assertEqual(changes["weight_average"], {files})
        changes = self.changes([{"use": "weight_average"}])
        self.assertEqual(changes["weight_average"], {files, ("buffers", "average", 2, "eval_begin")})

    def test_changes_of_batches_gradients_momentum_and_replies_are_seen(self):
        tricks = [
            *({"use": "replaces", "name": what, "what": what, "factor": 0.5} for what in ("inputs", "targets", "outputs", "loss")),
            {"use": "replaces", "factor": 1},
            {"use": "poisons", "what": "parameter", "parameter": "layers.0.weight", "at": [2]},
            {"use": "accumulate", "batches": 2, "bn_momentum": "corrected"},
            {"use": "answers", "hook": "before_step", "reply": "skip_step", "at": [2]},
            {"use": "answers", "name": "stops", "hook": "epoch_end", "reply": "stop_fit", "at": [2]},
        ]  # fmt: skip
        changes = self.changes(tricks, plugins={"path": [PLUGINS]})
        self.assertEqual(changes, {
            "inputs": {("inputs", None, 1, "batch")},
            "targets": {("targets", None, 1, "batch")},
            "outputs": {("outputs", None, 1, "forward")},
            "loss": {("loss", None, 1, "loss")},
            "replaces": set(),
            "poisons": {("parameters", "live", 1, "after_step")},
            "accumulate": {("momentum of normalization layers", None, 1, "batch", "fit_end")},
            "answers": {("leaves the step out", None, 1, "before_step")},
            "stops": {("ends the training", None, 1, "epoch_end")},
        })  # fmt: skip

    def test_tricks_of_which_nothing_was_seen_are_named(self):
        tricks = [{"use": "accumulate", "batches": 1}, {"use": "precise_bn"}, {"use": "ema", "every": 1000}]
        told, text = self.explain(recipe_of(tricks, model={"batch_norm": False}))
        self.assertEqual([trick["changes"] for trick in told["tricks"]], [[], [], []])
        self.assertEqual(len(re.findall(r"\n  changes +nothing seen in the rehearsal of two micro-batches\n", text)), 3)
        self.assertIn("nothing was seen of `accumulate`, `precise_bn` in the rehearsal", told["notes"][-1])
        self.assertIn(f"\nnote: {told['notes'][-1]}\n", text)

    def test_an_option_that_is_set_to_what_it_is_is_a_warning(self):
        tricks = [{"use": "no_weight_decay"}]
        told, _ = self.explain(recipe_of(tricks, optimizer={"weight_decay": 0}))
        self.assertEqual([(c["severity"], c["tricks"]) for c in told["conflicts"]], [("warning", ["no_weight_decay"])])
        message = told["conflicts"][0]["message"]
        self.assertIn("weight_decay of parameters to 0, which it is by optimizer.weight_decay anyway", message)
        self.assertEqual(self.explain(recipe_of(tricks))[0]["conflicts"], [])


if __name__ == "__main__":
    main()
