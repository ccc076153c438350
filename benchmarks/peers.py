#!/usr/bin/env python3
"""peers.py FOLDER BENCH ROUNDS [PEER ...]: our server and devices beside peers and floors, in turns, by a harness that is
not ours. FOLDER holds it (harness.py with PEERS and once()); BENCH is our benchmark program, whose `server` and
`device N` speak the harness's lines. Each run has a network namespace of its own, so this needs root. Prints the median
of each figure, one JSON line for each peer."""
import argparse
import json
import os
import statistics
import subprocess
import sys

OURS = "tallyman"


def once(folder, bench, peer):
    sys.path.insert(0, folder)
    os.chdir(folder)
    import harness

    program = dict(server=[bench, "server"], device=[bench, "device"], env={"RUST_LOG": "warn"})
    harness.PEERS[OURS] = program
    workload = dict(peer=peer, devices=10, events=1000, items=10000, netem="", timeout=180)
    print(json.dumps(harness.once(argparse.Namespace(**workload))))


def main():
    if sys.argv[1] == "--once":
        return once(*sys.argv[2:])
    folder, bench, rounds, *peers = sys.argv[1:]
    folder, bench = os.path.abspath(folder), os.path.abspath(bench)
    results = {peer: [] for peer in [OURS, *peers]}
    for _ in range(int(rounds)):
        for peer, runs in results.items():
            command = ["unshare", "-n", sys.executable, os.path.abspath(__file__), "--once", folder, bench, peer]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode:
                sys.exit(f"{peer}: {done.stderr[-800:]}")
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    for peer, runs in results.items():
        median = {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}
        print(json.dumps({"peer": peer, "runs": len(runs), **median}))


main()
