"""Numbers that the source states (Ren et al., 2111.06206), beside which ours are printed."""

METHODS = ("SII", "STII k=2", "STII k=3", "ours")

# Table 1: intersection over union with the true interactions.
IOU = {
    "Add-Mul": (0.61, 0.27, 0.55, 1.00),
    "sigmoid": (0.99, 0.50, 0.59, 1.00),
    "MLP-5": (0.87, 0.35, 0.69, 0.97),
    "ResMLP-5": (0.90, 0.35, 0.69, 0.98),
}

# Table 2: unfaithfulness, without v(empty), of MLP-5 and ResMLP-5.
UNFAITHFULNESS = {
    "TV news": {
        "Shapley": (125.5, 130.8), "input x gradient": (738.7, 2586.1), "LRP": (317.6, 9.4e4), "occlusion": (1386.2, 1117.5),
        "SII": (6231.2, 5598.6), "STII k=2": (182.0, 236.0), "STII k=3": (177.7, 252.4), "AND, all": (9.4e-12, 1.1e-11),
    },
    "bike": {
        "Shapley": (1.1e4, 7953.9), "input x gradient": (1.4e5, 1.1e5), "LRP": (1.4e5, 5.8e8), "occlusion": (6.2e4, 3.7e4),
        "SII": (1.2e5, 1.2e5), "STII k=2": (7685.0, 5219.8), "STII k=3": (1.0e4, 5045.8), "AND, all": (2.6e-9, 1.9e-9),
    },
}  # fmt: skip

# Table 3: Jaccard similarity of two networks of different first weights, trained normally and adversarially.
JACCARD = {
    "TV news": {"MLP-2": (0.5965, 0.6109), "MLP-5": (0.3664, 0.6304), "ResMLP-5": (0.3480, 0.5731)},
    "census": {"MLP-2": (0.4899, 0.6292), "MLP-5": (0.2482, 0.4971), "ResMLP-5": (0.2764, 0.4489)},
    "bike": {"MLP-5": (0.3816, 0.4741), "ResMLP-5": (0.3992, 0.4491)},
}
