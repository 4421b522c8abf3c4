"""Wrong job files as a user meets them: one line that names the place, exit status 2, and nothing is written."""
import os
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy

GOOD = {
    "job": "job: wrong",
    "seed": "seed: 1",
    "data": "data: {source: synthetic, height: 8, width: 8, train_count: 40, test_count: 20}",
    "model": """\
model:
  layers:
    - conv: {filters: 4, kernel: 3, padding: 1}
    - relu
    - max_pool: 2
    - dense: 10""",
    "loss": "loss: {kind: cross_entropy}",
    "optimizer": "optimizer: {kind: sgd, lr: 0.1, momentum: 0.9}",
    "train": "train: {epochs: 1, batch: 20}",
    "record": "record: {train_loss: {every: 1 step}}",
    "sweep": "sweep: {run: 2}",
}

# Parts of the good job that are replaced or added, with ‸ where the mistake is, and a part of the message.
WRONG = [
    # YAML
    ({"seed": "seed: [1", "data": "data‸: {source: synthetic}"}, "not YAML"),
    ({"seed": "‸\tseed: 1"}, "not YAML"),
    ({"seed": "seed: 1\n‸seed: 2"}, "seed: duplicate key; first given in line 2"),
    ({"seed": "seed: ‸&one 1"}, "anchors and aliases are not accepted"),
    ({"seed": "seed: ‸!!int 1"}, "tag"),
    ({"sweep": "‸---"}, "a second document begins"),
    # Unknown and missing keys
    ({"seed": "‸sed: 1"}, "nearest known key: seed"),
    ({"optimizer": "optimizer: {‸learning_rate: 0.1}"}, "unknown key"),
    ({"optimizer": "‸optimiser: {lr: 0.1}"}, "nearest known key: optimizer"),
    ({"train": "train: {epochs: 1, batch: 20, ‸shufle: true}"}, "nearest known key: train.shuffle"),
    ({"job": "", "seed": "‸seed: 1"}, "job: missing"),
    ({"train": "train: ‸{batch: 20}"}, "train.epochs: missing"),
    ({"optimizer": "optimizer: ‸{kind: sgd}"}, "optimizer.lr: missing"),
    ({"model": "model: ‸{init: pytorch}"}, "model.layers: missing"),
    ({"data": "data: ‸{height: 8}"}, "data.source: missing"),
    ({"optimizer": "optimizer: ‸3"}, "accepted: a map"),
    ({"train": "train: ‸[1, 20]"}, "accepted: a map"),
    # Types and ranges
    ({"job": "job: ‸2nd"}, "accepted: at most 63 letters"),
    ({"seed": "seed: ‸-1"}, "accepted: an integer from 0"),
    ({"seed": "seed: ‸1.5"}, "accepted: an integer"),
    ({"seed": "seed: ‸'1'"}, "accepted: an integer"),
    ({"train": "train: {epochs: ‸-1, batch: 20}"}, "accepted: an integer from 0"),
    ({"train": "train: {epochs: 1, batch: ‸0}"}, "accepted: an integer from 1"),
    ({"train": "train: {epochs: 1, batch: 20, shuffle: ‸maybe}"}, "accepted: true or false"),
    ({"optimizer": "optimizer: {lr: ‸fast}"}, "accepted: a number from 0"),
    ({"optimizer": "optimizer: {lr: ‸-0.1}"}, "accepted: a number from 0"),
    ({"optimizer": "optimizer: {lr: ‸nan}"}, "accepted: a number"),
    ({"optimizer": "optimizer: {lr: 0.1, momentum: ‸2}"}, "accepted: a number from 0 to 1"),
    ({"optimizer": "optimizer: {lr: 0.1, weight_decay: ‸-1}"}, "accepted: a number from 0"),
    # Data
    ({"data": "data: {source: ‸imagenet}"}, "accepted: cifar10"),
    ({"data": "data: {source: synthetic, height: ‸0}"}, "accepted: an integer from 1"),
    ({"data": "data: {source: synthetic, classes: ‸1}"}, "accepted: an integer from 2"),
    ({"data": "data: {source: cifar10, ‸height: 8}"}, "accepted only with data.source: synthetic"),
    ({"data": "data: {source: synthetic, ‸spread: 1}"}, "accepted only with data.source: xor"),
    ({"data": "data: {source: synthetic, mirror: ‸2}"}, "accepted: a number from 0 to 1"),
    ({"data": "data: {source: synthetic, validation: {fraction: ‸-0.5}}"}, "accepted: a number from 0"),
    ({"data": "data: {source: synthetic, validation: {kind: ‸sorted}}"}, "accepted: stratified, random"),
    ({"data": "data: {source: synthetic, normalize: ‸{mean: [0.5], std: [1, 1]}}"}, "1 values in mean and 2 in std"),
    ({"data": "data: {source: synthetic, normalize: {mean: ‸[0, 1], std: [1, 1]}}"}, "2 values, but the samples have 3 channels"),
    # Layers
    ({"model": "model: {layers: ‸[]}"}, "a list of 1 to 128 layers"),
    ({"model": "model: {layers: [‸densse: 10]}"}, "nearest known key: dense"),
    ({"model": "model: {layers: [dense: {‸unit: 10}]}"}, "nearest known key: units"),
    ({"model": "model: {layers: [dense: ‸ten]}"}, "accepted: an integer from 1"),
    ({"model": "model: {layers: [relu: ‸1, dense: 10]}"}, "accepted: nothing"),
    ({"model": "model: {layers: [‸[dense, 10]]}"}, "accepted: a layer"),
    ({"model": "model: {layers: [conv: ‸{filters: 4}, dense: 10]}"}, "model.layers[0].kernel: missing"),
    ({"model": "model: {layers: [conv: {filters: 4, kernel: 3, padding: ‸full}, dense: 10]}"}, "same, or valid"),
    ({"model": "model: {layers: [conv: {filters: 4, kernel: 3, padding: ‸-1}, dense: 10]}"}, "same, or valid"),
    ({"model": "model: {layers: [dropout: ‸1.5, dense: 10]}"}, "accepted: a number from 0 to 0.999"),
    ({"model": "model: {layers: [batch_norm: {momentum: ‸2}, dense: 10]}"}, "accepted: a number from 0 to 1"),
    ({"model": "model: {layers: [leaky_relu: ‸steep, dense: 10]}"}, "accepted: a number"),
    ({"model": "model: {layers: [dense: {units: 10, l2: ‸-1}]}"}, "accepted: a number from 0"),
    ({"model": "model: {layers: [dense: {units: 10, init: ‸kaiming}]}"}, "accepted: default, pytorch"),
    ({"model": "model: {layers: [dense: {units: 10, ‸init_scale: 1}]}"}, "accepted only with init: normal"),
    ({"model": "model: {layers: [dense: ‸{units: 10, init: normal}]}"}, "model.layers[0].init_scale: missing"),
    ({"model": "model: {layers: [dense: {units: 10, bias: ‸no}]}"}, "accepted: true or false"),
    # Initial parameters
    ({"model": "model: {init: ‸zeros, layers: [dense: 10]}"}, "accepted: default, pytorch"),
    ({"model": "model: {‸init_scale: 1, layers: [dense: 10]}"}, "accepted only with model.init: normal"),
    ({"model": "model: {init_file: ‸none.npy, layers: [dense: 10]}"}, "none.npy"),
    ({"model": "model: {init_file: ‸start.h5:/none, layers: [dense: 10]}"}, "start.h5"),
    ({"model": "model: {init_file: ‸words.npy, layers: [dense: 10]}"}, "words.npy"),
    ({"model": "model: {init_file: ‸matrix.npy, layers: [dense: 10]}"}, "2 rows of 5 numbers; accepted: one row"),
    ({"model": "model: {init_file: ‸vector.npy, layers: [dense: 10]}"}, "5 initial parameters, but the model has 1930"),
    ({"model": "model: {‸shift_file: matrix.npy, layers: [dense: 10]}"}, "accepted only with model.init_file"),
    ({"model": "model: {‸shift_1: 1, layers: [dense: 10]}"}, "accepted only with model.init_file"),
    ({"model": "model: {init_file: vector.npy, ‸shift_1: 1, layers: [dense: 10]}"}, "accepted only with model.shift_file"),
    ({"model": "model: {init_file: vector.npy, shift_file: ‸long.npy, layers: [dense: 10]}"}, "1 or 2 rows of 5"),
    ({"model": "model: {init_file: vector.npy, shift_file: vector.npy, ‸shift_2: 1, layers: [dense: 10]}"}, "one direction"),
    # Impossible shapes
    ({"model": "model: {layers: [‸max_pool: 9, dense: 10]}"}, "layer 0"),
    ({"model": "model: {layers: [relu, ‸conv: {filters: 4, kernel: 9}, dense: 10]}"}, "layer 1"),
    ({"model": "model: {layers: [dense: 10, ‸max_pool: 2, dense: 10]}"}, "layer 1"),
    ({"model": "model: {layers: [‸dense: 11]}"}, "10 classes"),
    ({"model": "model: {layers: ‸[flatten]}"}, "no layer has parameters"),
    ({"model": "model: {layers: [‸conv: {filters: 4, kernel: 4, padding: same}, dense: 10]}"}, "odd kernels"),
    ({"model": "model: {layers: [‸conv: {filters: 4, kernel: 3, stride: 2, padding: same}, dense: 10]}"}, "stride 1"),
    # Loss, optimiser, schedule
    ({"loss": "loss: {kind: ‸hinge}"}, "accepted: cross_entropy, binary_cross_entropy, squared_error, huber, mae"),
    ({"loss": "loss: {‸over_outputs: sum}"}, "accepted only with loss.kind: binary_cross_entropy"),
    ({"loss": "loss: {kind: squared_error, ‸entropy_weight: 1}"}, "accepted only with loss.kind: cross_entropy"),
    ({"loss": "loss: {over_samples: ‸median}"}, "accepted: mean, sum"),
    ({"loss": "loss: {l2: ‸-1}"}, "accepted: a number from 0"),
    ({"loss": "loss: {kind: binary_cross_entropy}", "model": "model: {layers: [‸dense: 10]}"}, "sigmoid"),
    ({"data": "data: {source: absolute_value}", "model": "model: {layers: [dense: 1]}", "loss": "loss: ‸{l2: 0}"},
     "squared_error"),
    ({"optimizer": "optimizer: {kind: ‸adagrad, lr: 1}"}, "accepted: sgd, nesterov, adam, rmsprop, truncated_newton"),
    ({"optimizer": "optimizer: {kind: adam, lr: 1, ‸momentum: 1}"}, "accepted only with optimizer.kind: sgd"),
    ({"optimizer": "optimizer: {kind: lbfgs, ‸lr: 1}"}, "accepted only with optimizer.kind: sgd or nesterov"),
    ({"optimizer": "optimizer: {kind: lbfgs}", "train": "train: {epochs: 1, ‸batch: 1}"}, "accepted only with optimizer.kind"),
    ({"optimizer": "optimizer: {kind: lbfgs}", "train": "train: {epochs: 1}", "schedule": "schedule: {‸kind: constant}"},
     "accepted only with optimizer.kind"),
    ({"optimizer": "optimizer: {kind: adamw, lr: 1, decay: ‸biases}"}, "accepted: all, weights"),
    ({"optimizer": "optimizer: {lr: 1, clip_norm: ‸-1}"}, "accepted: a number from 0"),
    ({"optimizer": "optimizer: {kind: lbfgs, ‸clip_value: 1}", "train": "train: {epochs: 1}"},
     "accepted only with optimizer.kind: sgd"),
    ({"schedule": "schedule: {kind: ‸cosin}"}, "accepted: constant, step_decay"),
    ({"schedule": "schedule: {‸period: 1}"}, "accepted only with schedule.kind: cosine"),
    ({"schedule": "schedule: {kind: cosine, length: 5, period: ‸1}"}, "restarts after 1"),
    ({"schedule": "schedule: {kind: cosine, multiplier: ‸1.5}"}, "accepted: an integer from 1"),
    ({"schedule": "schedule: {per: ‸batch}"}, "accepted: auto, step, epoch"),
    ({"schedule": "schedule: {warmup: ‸-1}"}, "accepted: an integer from 0"),
    ({"schedule": "schedule: ‸{kind: step_decay}"}, "schedule.every: missing"),
    ({"schedule": "schedule: {kind: factors_at, steps: ‸5}"}, "accepted: a list"),
    ({"schedule": "schedule: {kind: cyclical, base: 0, max: 1, half_cycle: ‸0}"}, "accepted: an integer from 1"),
    ({"schedule": "schedule: {‸gamma: 1}"}, "accepted only with schedule.kind: cyclical"),
    # Records
    ({"record": "record: ‸{train_loss: {every: never}}"}, "nothing is recorded"),
    ({"record": "record: {train_loss: {every: ‸often}}"}, "N steps"),
    ({"record": "record: {train_loss: {every: ‸0 steps}}"}, "N steps"),
    ({"record": "record: {‸loss: {every: 1 step}}"}, "unknown key"),
    ({"record": "record: {train_loss: {every: 1 step, ‸layers: [0]}}"}, "unknown key"),
    ({"record": "record: {weights: ‸{every: end}}"}, "record.weights.layers: missing"),
    ({"record": "record: {weights: {‸layers: [0]}}"}, "accepted only with record.weights.every"),
    ({"record": "record: {weights: {every: end, layers: ‸0}}"}, "accepted: a list"),
    ({"record": "record: {weights: {every: end, layers: [‸-1]}}"}, "accepted: a list"),
    ({"record": "record: {weights: {every: end, layers: ‸[9]}}"}, "there is no layer 9"),
    ({"record": "record: {weights: {every: end, layers: ‸[1]}}"}, "layer 1 has no weights"),
    ({"record": "record: {gradient_norm: {every: 1 step, layer: ‸[0]}}"}, "accepted: a layer, counted from 0"),
    ({"record": "record: {batch_norm: ‸{every: end}}"}, "no model of the job has a batch_norm layer"),
    ({"record": "record: {validation_loss: {every: ‸end}}"}, "no validation set"),
    ({"record": "record: {grid_output: {every: ‸end, from: 0, to: 1, points: 9}}"}, "192 features; accepted: 2"),
    ({"record": "record: {grid_output: {every: end, from: 0, to: 1, points: ‸1}}"}, "accepted: an integer from 2"),
    ({"record": "record: {feature_maps: {every: end, layers: [0], samples: ‸[20]}}"}, "there is no test sample 20"),
    ({"record": "record: {test_gradient: {every: end, layers: [0], stride: ‸0}}"}, "accepted: an integer from 1"),
    ({"train": "train: {epochs: 0, batch: 20}", "record": "record: {train_loss: {every: ‸1 step}}"}, "per step"),
    # Sweep
    ({"sweep": "sweep: ‸{}"}, "a map of 1 to 8 axes"),
    ({"sweep": "sweep: {run: ‸0}"}, "accepted: an integer from 1"),
    ({"sweep": "sweep: {‸status: {set: optimizer.lr, values: [1]}}"}, "the results file uses this name"),
    ({"sweep": "sweep: {‸best_epoch: {set: optimizer.lr, values: [1]}}"}, "the results file uses this name"),
    ({"sweep": "sweep: {‸best_test_loss: {set: optimizer.lr, values: [1]}}"}, "the results file uses this name"),
    ({"sweep": "sweep: {x: {set: ‸optimizer.mometum, values: [1]}}"}, "nearest known key"),
    ({"sweep": "sweep: {x: {set: ‸seed, values: [1]}}"}, "accepted: model, loss"),
    ({"sweep": "sweep: {x: {set: ‸record, values: [1]}}"}, "accepted: model, loss"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, values: [1, ‸-1]}}"}, "accepted: a number from 0"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, values: [1, ‸1.0]}}"}, "1 appears twice"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, linspace: ‸[0, 1]}}"}, "accepted: [first, last, count]"),
    ({"sweep": "sweep: {x: {set: ‸optimizer.beta1, values: [0.5]}}"}, "accepted only with optimizer.kind: adam"),
    ({"sweep": "sweep: {x: ‸{set: optimizer.lr}}"}, "accepted: one"),
    ({"sweep": "sweep: {x: {set: train.batch, values: [1]}, y: {set: ‸train.batch, values: [2]}}"}, "axis x sets"),
    ({"sweep": "sweep: {x: {set: train.batch, values: [1]}, y: {set: ‸train, values: {a: {epochs: 1}}}}"}, "axis x sets"),
    ({"sweep": "sweep: {x: {set: model.layers, values: {a: [dense: 10]}}, y: {set: ‸'model.layers[0].filters', values: [1]}}"},
     "axis x sets model.layers already"),
    ({"sweep": "sweep: {x: {set: [train.batch, ‸train.batch], values: [[1, 1]]}}"}, "axis x sets"),
    # Axes of labels
    ({"sweep": "sweep: {x: {set: optimizer.kind, values: [sgd, ‸adagrad]}}"}, "accepted: sgd, nesterov"),
    ({"sweep": "sweep: {x: {set: train.shuffle, values: [true, ‸true]}}"}, "true appears twice"),
    ({"sweep": "sweep: {x: {set: train.batch, values: {‸a b: 1}}}"}, "gives no label"),
    ({"sweep": "sweep: {x: {set: model.layers, values: [‸[dense: 10]]}}"}, "accepted: a map of labels"),
    ({"sweep": "sweep: {x: {set: train.batch, values: {a: 1, ‸a: 2}}}"}, "duplicate key"),
    ({"sweep": "sweep: {x: {set: train.batch, values: {a: 1, b: ‸many}}}"}, "train.batch: 'many'"),
    ({"sweep": "sweep: {x: {set: train.shuffle, linspace: ‸[0, 1, 2]}}"}, "accepted: values"),
    ({"sweep": "sweep: {x: {set: [train.batch, train.epochs], values: [[1, 1], ‸[2]]}}"}, "accepted: a list of 2"),
    ({"sweep": "sweep: {x: {set: [train.batch, train.epochs], values: {a: {train.batch: 1, ‸train.epoch: 1}}}}"},
     "not a key of this axis"),
    ({"sweep": "sweep: {x: {set: optimizer, values: {a: {lr: 1}, b: ‸{kind: sgd}}}}"}, "optimizer.lr: missing"),
    ({"sweep": "sweep: {x: {set: model.layers, values: {a: [dense: 10], b: [‸cnov: 1]}}}"}, "nearest known key: conv"),
    ({"sweep": "sweep: {x: {set: model.layers, values: {a: [dense: 10], b: [relu, ‸dense: 9]}}}"}, "10 classes"),
    ({"sweep": "sweep: {x: {set: model.layers, values: {a: [dense: 10], b: [‸max_pool: 9, dense: 10]}}}"}, "layer 0"),
    ({"sweep": "sweep: {x: {set: optimizer.kind, values: [sgd, adam]}}",
      "optimizer": "optimizer: {lr: 1, ‸momentum: 0.9}"}, "accepted only with optimizer.kind: sgd"),
    ({"sweep": "sweep: {x: {set: ‸'model.layers[9].units', values: [1]}}"}, "accepted: model, loss"),
    ({"sweep": "sweep: {x: {set: ‸'model.layers[1].units', values: [1]}}"}, "accepted: model, loss"),
    ({"sweep": "sweep: {x: {set: 'model.layers[3].units', values: [10, ‸11]}}"}, "10 classes"),
    # Drawn axes
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: ‸5, count: 3}}"}, "accepted: [low, high] with low below high"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: ‸[1], count: 3}}"}, "a list of 1; accepted: [low, high]"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: ‸[1, 1], count: 3}}"}, "low below high"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: ‸[1, 0.1], count: 3}}"}, "low below high"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: [‸low, 1], count: 3}}"}, "'low' is not a value for optimizer.lr"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: [0, ‸2000], count: 3}}"}, "accepted: a number from 0 to 1000"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, log_uniform: [‸0, 1], count: 3}}"}, "'0'; accepted: a number above 0"),
    ({"sweep": "sweep: {x: {set: train.batch, uniform: ‸[1, 20], count: 3}}"}, "train.batch takes integers only; accepted: integers or choice"),
    ({"sweep": "sweep: {x: {set: train.batch, integers: [1, ‸20.5], count: 3}}"}, "'20.5' is not a value for train.batch"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, integers: [1, ‸20.5], count: 3}}"}, "'20.5'; accepted: an integer"),
    ({"sweep": "sweep: {x: {set: train.batch, integers: ‸[1, 9], count: 10}}"}, "10 different values of train.batch are to be drawn, but the range has only 9"),
    ({"sweep": "sweep: {x: {set: train.shuffle, uniform: ‸[0, 1], count: 1}}"}, "train.shuffle takes no single numbers; accepted: choice"),
    ({"sweep": "sweep: {x: {set: train.shuffle, choice: ‸[true, false], count: 3}}"}, "the range has only 2"),
    ({"sweep": "sweep: {x: {set: train.shuffle, choice: ‸[], count: 3}}"}, "a list of 0; accepted: a list of different values"),
    ({"sweep": "sweep: {x: {set: train.shuffle, choice: [true, ‸true], count: 1}}"}, "true appears twice"),
    ({"sweep": "sweep: {x: {set: train.batch, choice: [16, 8, ‸16.0], count: 1}}"}, "16 appears twice"),
    ({"sweep": "sweep: {x: {set: train.batch, choice: [16, ‸0], count: 1}}"}, "'0' is not a value for train.batch"),
    ({"sweep": "sweep: {x: {set: optimizer.kind, choice: [sgd, ‸adagrad], count: 2}}"}, "accepted: sgd, nesterov"),
    ({"sweep": "sweep: {x: {set: model.layers, choice: [‸[dense: 10]], count: 1}}"}, "one word or number"),
    ({"sweep": "sweep: {x: ‸{set: optimizer.lr, uniform: [0, 1]}}"}, "sweep.x.count: missing; accepted: an integer from 1"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: [0, 1], count: ‸0}}"}, "accepted: an integer from 1"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: [0, 1], count: 1, sequence: ‸halton}}"}, "accepted: random, sobol"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, uniform: [0, 1], count: 1, base: ‸1}}"}, "accepted only with values, linspace"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, values: [0, 1], ‸count: 1}}"}, "accepted only with uniform"),
    ({"sweep": "sweep: {x: ‸{set: optimizer.lr, values: [0], uniform: [0, 1], count: 1}}"}, "2 of values, linspace"),
    ({"sweep": "sweep: {x: {set: [optimizer.lr, loss.l2], uniform: ‸[[0, 1]], count: 1}}"}, "a list of 2 ranges, one for each key"),
    ({"sweep": "sweep: {x: {set: [optimizer.lr, loss.l2], uniform: [‸0, 1], count: 1}}"}, "accepted: [low, high]"),
    ({"sweep": "sweep: {x: {set: [optimizer.lr, loss.l2], log_uniform: [[1e-3, 1], [‸0, 1]], count: 1}}"}, "a number above 0"),
    ({"sweep": "sweep: {x: {optimizer.lr: ‸[0, 1], count: 1}}"}, "a list of 2; accepted: a map with keys among uniform, log_uniform"),
    ({"sweep": "sweep: {x: {optimizer.lr: {‸log_uniforn: [0, 1]}, count: 1}}"}, "nearest known key: log_uniform"),
    ({"sweep": "sweep: {x: {optimizer.lr: ‸{uniform: [0, 1], choice: [1]}, count: 1}}"}, "sweep.x.optimizer.lr: 2 of uniform"),
    ({"sweep": "sweep: {x: {optimizer.lr: {uniform: [0, 1]}, ‸counts: 1}}"}, "accepted next to keys and their ranges: count, sequence"),
    ({"sweep": "sweep: {x: {‸optimizer.rl: {uniform: [0, 1]}, count: 1}}"}, "accepted: model, loss"),
    ({"sweep": "sweep: {x: {optimizer.lr: {uniform: [0, 1]}, ‸optimizer.lr: {uniform: [0, 1]}, count: 1}}"}, "duplicate key"),
    ({"sweep": "sweep: {x: {" + "".join(f"'model.layers[{i}].units': {{integers: [1, 9]}}, " for i in range(16))
      + "‸train.batch: {integers: [1, 9]}, count: 1}}"}, "too many keys; accepted: at most 16"),
    ({"sweep": "sweep: {x: {train.epochs: {integers: ‸[0, 3]}, optimizer.lr: {uniform: [0, 1]}, count: 9}}",
      "record": "record: {train_loss: {every: 1 step}}"}, "0 epochs have no steps"),
    # Combinations that are left out
    ({"sweep": "sweep: {run: 2, where: ‸{run: 1}}"}, "accepted: a list of combinations, such as [{lr: 0.1"),
    ({"sweep": "sweep: {run: 2, where: ‸all}"}, "sweep.where: 'all'; accepted: a list"),
    ({"sweep": "sweep: {run: 2, where: [‸run]}"}, "sweep.where[0]: 'run'; accepted: a map of axes to values"),
    ({"sweep": "sweep: {run: 2, where: [{run: 1}, ‸{}]}"}, "sweep.where[1]: a map of 0"),
    ({"sweep": "sweep: {run: 2, where: [{‸runs: 1}]}"}, "sweep.where[0].runs: there is no such axis; accepted: run"),
    ({"sweep": "sweep: {run: 2, where: [{run: ‸2}]}"}, 'axis run has no value "2"; it has 2: 0, 1'),
    ({"sweep": "sweep: {run: 2, where: [{run: [0, ‸one]}]}"}, 'axis run has no value "one"'),
    ({"sweep": "sweep: {run: 2, where: [{run: ‸{a: 1}}]}"}, "a map of 1; accepted: a value of the axis"),
    ({"sweep": "sweep: {run: 2, where: ‸[{run: [0, 1]}]}"}, "leaves out all 2 cells"),
    ({"sweep": "sweep: {x: {set: optimizer.lr, values: [0.12341, 0.12342]}, where: [{x: ‸0.123}]}"}, "axis x has 2 values that round to 0.123"),
    # Sizes that would wrap, and counts beyond 32 bits
    ({"data": "data: {source: synthetic, height: 8, width: 8, train_count: 10000, test_count: 20}",
      "train": "train: {epochs: ‸1000000, batch: 1}"}, "1000000 epochs of 10000 steps are 10000000000 steps; accepted: up to 2147483647"),
    ({"data": "data: {source: synthetic, height: 8, width: 8, train_count: 10000, test_count: 20}",
      "train": "train: {epochs: 1, batch: 1}", "sweep": "sweep: {n: {set: train.epochs, values: [1, ‸1000000]}}"}, "1000000 epochs of 10000 steps"),
    ({"model": "model: {layers: [conv: {filters: 1000000, kernel: 3}, ‸conv: {filters: 1000000, kernel: 3}, dense: 10]}"},
     "9e+12 weights; accepted: up to 1.1e+12"),
    ({"model": "model: {layers: [‸conv: {filters: 1000000, kernel: 1, padding: 256}, dense: 10]}"},
     "1000000 × 520 × 520 are 2.704e+11 values; accepted: up to 1073741824"),
    ({"model": "model: {layers: [conv: {filters: 1000, kernel: 1, padding: 200}, ‸dense: 1000000, dense: 10]}"},
     "1.665e+14 weights"),
    ({"model": f"model: {{layers: ‸[{'dense: 1000000, ' * 12}dense: 10]}}"}, "bytes for 11000214000010 parameters"),
    ({"train": "train: {epochs: 1000000, batch: 20}", "record": "record: {parameters: {every: ‸1 step}}"},
     "a cell records 1.524e+09 values"),
]


def compose(parts):
    """The text of the job with these parts, and (line, column) of the mark, counted from 1."""
    text = "\n".join(part for part in (GOOD | parts).values() if part) + "\n"
    before = text.partition("‸")[0]
    return text.replace("‸", ""), (before.count("\n") + 1, len(before) - before.rfind("\n"))


def outcome(number):
    """What the user sees of one wrong job: (exit status, lines of standard error, files left, path of the job, mark)"""
    text, mark = compose(WRONG[number][0])
    with tempfile.TemporaryDirectory() as root:
        job = Path(root, "wrong.yaml")
        job.write_text(text)
        numpy.save(Path(root, "vector.npy"), numpy.zeros(5, "f4"))
        numpy.save(Path(root, "matrix.npy"), numpy.zeros((2, 5), "f4"))
        numpy.save(Path(root, "long.npy"), numpy.zeros((3, 5), "f4"))
        numpy.save(Path(root, "words.npy"), numpy.array(["a"]))
        files = sorted(os.listdir(root))
        result = subprocess.run([os.environ["MPISWEEP"], "run" if number % 4 == 0 else "plan", job], cwd=root,
                                capture_output=True, text=True)
        return result.returncode, result.stderr.splitlines(), sorted(os.listdir(root)) == files, job, mark


class WrongJobsTest(unittest.TestCase):
    def test_every_mistake_is_told_in_one_line(self):
        self.assertGreaterEqual(len(WRONG), 100)
        with ThreadPoolExecutor(2) as pool:
            for (parts, message), seen in zip(WRONG, pool.map(outcome, range(len(WRONG)))):
                returncode, lines, nothing_written, job, mark = seen
                with self.subTest(parts):
                    self.assertEqual(returncode, 2, lines)
                    self.assertEqual(len(lines), 1, lines)
                    place = f"mpisweep: {job}:{mark[0]}:{mark[1]}: "
                    self.assertTrue(lines[0].startswith(place), f"{lines[0]!r} does not begin with {place!r}")
                    self.assertIn(message, lines[0])
                    self.assertTrue(nothing_written)

    def test_the_good_job_is_accepted(self):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "good.yaml").write_text(compose({})[0])
            subprocess.run([os.environ["MPISWEEP"], "plan", "good.yaml"], cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
