"""What the scripts that time whole sweeps have in common."""
MPI = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
IMAGES = """job: sweeps
data: {source: synthetic, channels: 3, height: 32, width: 32, train_count: 2000, test_count: 500}
model: {layers: [{conv: {filters: 16, kernel: 3}}, relu, {max_pool: 2}, {dense: 32}, relu, {dense: 10}]}
optimizer: {kind: sgd, lr: 0.01, momentum: 0.9}
train: {epochs: 1, batch: 32}
record: {train_set_loss: {every: 1 epoch}}
sweep: {run: 1}
"""
