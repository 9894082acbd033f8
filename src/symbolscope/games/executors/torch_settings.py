"""The switches of torch that change the bits of a network's outputs."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class TorchSettings:
    """Torch's process-wide switches, to be set in a worker as they are in the process that sends it work.

    Examples
    --------
    >>> TorchSettings.now() == TorchSettings.now()
    True
    """

    default_dtype: torch.dtype
    matmul_precision: str
    deterministic: bool
    deterministic_warns: bool
    flush_denormal: bool
    onednn: bool
    cudnn: tuple[bool, bool, bool, bool]  # enabled, benchmark, deterministic, allow_tf32

    @classmethod
    def now(cls) -> "TorchSettings":
        """Read them in this process."""
        cudnn = torch.backends.cudnn
        return cls(
            torch.get_default_dtype(),
            torch.get_float32_matmul_precision(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            # torch has no way to ask: half of the smallest normal number is a denormal.
            float(torch.tensor(torch.finfo(torch.float32).tiny, dtype=torch.float32) * 0.5) == 0.0,
            bool(torch.backends.mkldnn.enabled),
            (bool(cudnn.enabled), bool(cudnn.benchmark), bool(cudnn.deterministic), bool(cudnn.allow_tf32)),
        )

    def apply(self) -> None:
        """Set them in this process, for good."""
        torch.set_default_dtype(self.default_dtype)
        torch.set_float32_matmul_precision(self.matmul_precision)
        torch.use_deterministic_algorithms(self.deterministic, warn_only=self.deterministic_warns)
        torch.set_flush_denormal(self.flush_denormal)
        torch.backends.mkldnn.enabled = self.onednn
        cudnn = torch.backends.cudnn
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = self.cudnn
