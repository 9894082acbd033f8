"""Names by which Python code asks the world for something: files, the environment, the clock, random numbers, other machines."""

import numpy as np

RANDOM = "random numbers"
# By what it is that they ask for: names as "module.name"; "module." is everything in it.
_FILES = """
builtins.open io.open io.open_code io.FileIO codecs.open tokenize.open gzip. bz2. lzma. zipfile. tarfile.
mmap. shelve. dbm. sqlite3. tempfile. linecache. fileinput. glob. shutil. zipimport. pkgutil.get_data
importlib.resources. runpy.
os.open os.read os.pread os.fdopen os.listdir os.scandir os.walk os.fwalk os.stat os.lstat os.fstat os.access
os.readlink os.statvfs
os.path.exists os.path.lexists os.path.isfile os.path.isdir os.path.islink os.path.ismount os.path.getsize
os.path.getmtime
os.path.getatime os.path.getctime os.path.realpath os.path.samefile genericpath.exists genericpath.isfile genericpath.isdir
genericpath.getsize genericpath.getmtime genericpath.getatime genericpath.getctime genericpath.samefile
posixpath.lexists posixpath.islink posixpath.ismount posixpath.realpath
numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap numpy.fromregex torch.load torch.jit.load
torch.export.load
torch.from_file torch.hub. joblib.load safetensors.safe_open safetensors.torch.load_file safetensors.numpy.load_file
safetensors.torch.load_model scipy.io. pandas.read_csv pandas.read_table pandas.read_fwf pandas.read_excel pandas.read_parquet
pandas.read_feather pandas.read_orc pandas.read_json pandas.read_xml pandas.read_html pandas.read_hdf pandas.read_pickle
pandas.read_sql pandas.read_sql_table pandas.read_sql_query pandas.read_sas pandas.read_spss pandas.read_stata pandas.read_clipboard
pandas.HDFStore pandas.ExcelFile pyarrow.parquet. pyarrow.csv. pyarrow.feather. pyarrow.memory_map pyarrow.OSFile
pyarrow.fs.
logging.config. configparser.
"""
_ENVIRONMENT = """
os.environ os.environb os.getenv os.getenvb os.getcwd os.getcwdb os.getpid os.getppid os.getlogin os.getuid os.uname
os.cpu_count
os.getloadavg os.times pathlib.Path.cwd pathlib.Path.home pathlib.PosixPath.cwd pathlib.PosixPath.home
os.path.expanduser os.path.expandvars os.path.abspath posixpath.expanduser posixpath.expandvars
posixpath.abspath posix.getcwd posix.getpid platform. getpass. locale. sys.argv sys.flags sys.path sys.modules
sysconfig. pwd. grp.
"""
_TYPED = "builtins.input sys.stdin"
_CLOCK = """
time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns time.process_time
time.process_time_ns time.thread_time time.thread_time_ns time.clock_gettime time.clock_gettime_ns time.localtime time.gmtime
time.ctime time.strftime time.asctime datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today
timeit.
"""
_RANDOM = """
random.random random.randint random.randrange random.uniform random.gauss random.normalvariate random.choice
random.choices
random.sample random.shuffle random.betavariate random.expovariate random.gammavariate random.lognormvariate random.triangular
random.vonmisesvariate random.weibullvariate random.paretovariate random.getrandbits random.randbytes random.binomialvariate
random.SystemRandom random.seed secrets. os.urandom os.getrandom posix.urandom uuid.uuid1 uuid.uuid4
"""
_MACHINES = """
socket. ssl. urllib.request. http.client. ftplib. smtplib. poplib. imaplib. telnetlib. xmlrpc.client.
asyncio.open_connection
subprocess. os.system os.popen os.fork os.spawnv os.execv posix.system pty. ray.get
"""
_HIDDEN_CODE = (
    "builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.globals importlib.import_module ctypes."
)
_KINDS = {
    "a file or folder": _FILES,
    "the environment of the process": _ENVIRONMENT,
    "what is typed": _TYPED,
    "the clock": _CLOCK,
    RANDOM: _RANDOM,
    "another program or machine": _MACHINES,
    "code that is made or found while it runs": _HIDDEN_CODE,
}
# Numpy's own generator, which all of a process share.
SHARED = frozenset(name for name in dir(np.random.RandomState) if not name.startswith("_")) - {
    "get_state",
    "set_state",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()} | {
    f"numpy.random.{name}": RANDOM for name in SHARED
}
_MODULES = {
    "posix": "os",
    "nt": "os",
    "ntpath": "os.path",
    "posixpath": "os.path",
    "_io": "io",
}  # a function's own module


def kind_of(name: str) -> str | None:
    """What is asked for by a name "module.name", or by something inside it; None if nothing.

    Examples
    --------
    >>> kind_of("os.environ.get"), kind_of("posixpath.exists"), kind_of("os.path.join")
    ('the environment of the process', 'a file or folder', None)
    """
    parts = name.split(".")
    first = ".".join(parts[:-1])
    for candidate in (name, name.removeprefix("_"), f"{_MODULES.get(first, first)}.{parts[-1]}"):
        if candidate in _KIND_OF:
            return _KIND_OF[candidate]
        pieces = candidate.split(".")
        for length in range(1, len(pieces)):
            prefix = ".".join(pieces[:length])
            if f"{prefix}." in _KIND_OF or (length > 1 and prefix in _KIND_OF):
                return _KIND_OF.get(f"{prefix}.") or _KIND_OF.get(prefix)
    return None
