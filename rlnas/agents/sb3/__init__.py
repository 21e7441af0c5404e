"""Stable-Baselines3's PPO on our environments: its trainer, its policy, and PPO on the device."""
