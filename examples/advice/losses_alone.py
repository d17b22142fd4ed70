"""The same, with the number of each loss alone.

losses_alone.py CAPTURE    records the measuring.
"""

import sys

import torch

import weigh

BATCHES = 40


def measure(model, batches):
    losses = []
    for batch in batches:
        loss = model(batch).square().mean()
        losses.append(loss.item())
    return float(sum(losses)) / len(losses)


def main():
    batches = [torch.randn(128, 256) for _ in range(BATCHES)]
    layers = [torch.nn.Linear(256, 1024), torch.nn.Tanh(), torch.nn.Linear(1024, 64)]
    print(f"{measure(torch.nn.Sequential(*layers), batches):.2f}")


with weigh.Tracker(sys.argv[1], overwrite=True):
    main()
