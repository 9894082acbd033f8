"""Where the masks of a long evaluation are computed: this process, other processes, other machines."""

from symbolscope.games.executors.choose import chosen_executor as chosen_executor
from symbolscope.games.executors.executor import ChunkRunner as ChunkRunner
from symbolscope.games.executors.executor import Executor as Executor
from symbolscope.games.executors.local import Local as Local
from symbolscope.games.executors.processes import Processes as Processes
from symbolscope.games.executors.ray_tasks import Ray as Ray
from symbolscope.games.executors.score_chunk import score_chunk as score_chunk
