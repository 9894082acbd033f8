"""Values and results that survive the process."""

from symbolscope.games.store.fingerprint import game_fingerprint as game_fingerprint
from symbolscope.games.store.run_file import RunFile as RunFile
from symbolscope.games.store.stored_results import StoredResults as StoredResults
from symbolscope.games.store.stored_values import StoredValues as StoredValues
