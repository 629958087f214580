//! A stateful fake of the Telegram Bot API over HTTP, with its delivery rules and with faults by request.
