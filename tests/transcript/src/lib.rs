//! Conversations as text files, and the runner that plays them against the whole desk in memory.
