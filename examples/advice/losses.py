"""Batches are measured; each loss in the list keeps what the layers made of its batch, for a backward() later.

losses.py CAPTURE    records the measuring alone: what torch imports would fill a capture of the whole program.
"""

import sys

import torch

import weigh

BATCHES = 40


def measure(model, batches):
    losses = []
    for batch in batches:
        loss = model(batch).square().mean()
        losses.append(loss)
    return float(sum(losses)) / len(losses)


def main():
    batches = [torch.randn(128, 256) for _ in range(BATCHES)]
    layers = [torch.nn.Linear(256, 1024), torch.nn.Tanh(), torch.nn.Linear(1024, 64)]
    print(f"{measure(torch.nn.Sequential(*layers), batches):.2f}")


with weigh.Tracker(sys.argv[1], overwrite=True):
    main()
