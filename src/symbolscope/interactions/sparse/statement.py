"""What a sampled fit amounts to, in words and figures."""

from collections.abc import Mapping, Sequence

from symbolscope.interactions.sparse.held_out import HeldOut

# The error must fall below this share of itself as calls grow at least twofold, for more calls to promise more.
_FALLS = 0.85


def statement(
    held_out: Mapping[str, HeldOut],
    curve: Sequence[tuple[int, float]],
    *,
    sampling: str,
    target_r2: float,
    calls: int,
    n_atoms: int,
    at_edges: HeldOut | None = None,
) -> str:
    """A sentence on the target, one on the other laws, and, where the target was missed, what to do.

    Examples
    --------
    >>> laws, curve = {"uniform": HeldOut(0.7, 0.6, 0.8, 50)}, [(400, 0.69), (1000, 0.7)]
    >>> print(statement(laws, curve, sampling="uniform", target_r2=0.9, calls=1000, n_atoms=30))
    30 interactions predict 50 fresh masks (uniform) with R^2 0.700 (95 % interval 0.600 to 0.800) after 1,000 calls; the target
    0.9 is missed. The same learners went from R^2 0.690 at 400 calls to 0.700 at 1,000: more calls promise little, the network
    is not sparse in AND and OR interactions of these players. Group them into fewer players (players=...), or read the largest
    interactions only.
    """
    own = held_out[sampling]
    met = own.r2 >= target_r2 and not own.alike
    if own.alike:
        text = (
            f"The network gave the same output on all {own.masks:,} fresh masks ({sampling}) after {calls:,} calls, so they do not "
            f"say how well {n_atoms:,} interactions predict it: R^2 may be {own.low:.3f} to {own.high:.3f} (95 % interval), and "
            f"whether the target {target_r2:g} is met is not known."
        )
    else:
        text = (
            f"{n_atoms:,} interactions predict {own.masks:,} fresh masks ({sampling}) with R^2 {own.r2:.3f} (95 % interval "
            f"{own.low:.3f} to {own.high:.3f}) after {calls:,} calls; the target {target_r2:g} is {'met' if met else 'missed'}."
        )
    if at_edges is not None and at_edges.masks:
        text += (
            f" On {at_edges.masks:,} masks that are on an interaction or one player short of it: R^2 {at_edges.r2:.3f} "
            f"({at_edges.low:.3f} to {at_edges.high:.3f})."
        )
    others = [
        f"{law} {h.r2:.3f} ({h.low:.3f} to {h.high:.3f})" for law, h in held_out.items() if law != sampling and h.masks
    ]
    if others:
        text += f" Under other laws of masks, to which the fit does not speak: {', '.join(others)}."
    if own.alike:
        rare = "interactions of many players, which drawn masks hardly ever show: try sampling=, or method='queries'"
        return f"{text} Either the output is the same on nearly all masks, or what changes it are {rare}."
    if met:
        return text
    if len(curve) < 2:
        return f"{text} Too few calls to see how R^2 grows with them; raise max_calls."
    (first, before), (last, after) = curve[-2:]
    text += f" The same learners went from R^2 {before:.3f} at {first:,} calls to {after:.3f} at {last:,}: "
    if 1 - after < _FALLS * (1 - before):
        return f"{text}it still rises, so raise max_calls."
    return (
        f"{text}more calls promise little, the network is not sparse in AND and OR interactions of these players. "
        "Group them into fewer players (players=...), or read the largest interactions only."
    )
