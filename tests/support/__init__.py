"""What several tests share: specs, programs that are struck or killed, and what is looked at afterwards."""
