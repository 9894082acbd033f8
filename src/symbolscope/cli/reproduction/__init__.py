"""What the commands under ``symbolscope reproduce`` share: data sets, networks, kept results and the parts of each study."""
