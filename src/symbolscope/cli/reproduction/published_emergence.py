"""Numbers on the emergence of interactions that the sources state, beside which ours are printed."""

# Ren et al. (2305.01939), Table 1: % of samples that are monotone, and valid interactions on those and on the others.
VALID = {
    "OPT-1.3B": ("89.9", "29.06 +- 52.46", "42.67 +- 38.87"),
    "LLaMA-7B": ("84.5", "50.71 +- 40.35", "79.71 +- 59.43"),
    "Aquila-7B": ("87.5", "30.16 +- 26.22", "65.94 +- 69.99"),
}

# Figure 5b: the exponent p on monotone samples.
EXPONENT = {"OPT-1.3B": "1.18 +- 0.22", "LLaMA-7B": "1.18 +- 0.42", "Aquila-7B": "1.11 +- 0.39"}

# Table 2: valid interactions, and the bound on their number.
BOUND = {
    "OPT-1.3B": ("28.73 +- 52.37", "197.84 +- 188.87"),
    "LLaMA-7B": ("50.53 +- 40.37", "293.20 +- 287.28"),
    "Aquila-7B": ("30.13 +- 26.20", "184.23 +- 124.71"),
    "MLP, TV news": ("54.42 +- 36.81", "229.11 +- 139.52"),
}

# The exponents of networks that have learned the parity of ten bits.
PARITY = "9.9 to 19.7"

# Li, Zhang (2302.13080), read off curves: share of a sample's interactions among the k most frequent (MLP-5, ResMLP-5).
ACROSS_SAMPLES = {"tic-tac-toe, k = 100": ("~0.58", "~0.63"), "wifi, k = 30": ("~0.85", "~0.92")}

# The same, share of one network's interactions that another has, at the least and the largest threshold; and random sets.
ACROSS_NETWORKS = ("~0.55 to 0.65", "~0.84 to 0.95", "~0.01 to 0.05")

# The same, agreement in sign over bins of frequency.
DISCRIMINATION = {"wifi": "0.95 to 1.00", "tic-tac-toe": "0.74 to 0.99"}

# Chen et al. (ICLR 2024), two BERTs, read off curves from k of about 50 to about 460: split jointly and one at a time.
SHARED = {"and": (".37 to .73", ".21 to .48"), "or": (".27 to .74", ".10 to .47")}
