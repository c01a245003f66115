#!/usr/bin/env bash
# Prints the frames of the stream, each a line, with the `wscat` command of the ws project.
#
#   RELAY=http://127.0.0.1:8787 TOKEN=… examples/wscat.sh 'from=snapshot&types=session.*'
#
# It says `ping` in between, as the relay expects of who acknowledges nothing. To type frames of
# your own, such as {"op":"subscribe","filter":{"types":["session.*"]}}, run the last line without
# what follows the `<`.
set -eu
exec npx wscat --connect "$RELAY/v1/stream?${1-}" --subprotocol chargewire.v1 --subprotocol "auth.$TOKEN" \
  < <(while sleep 30 && echo ping; do :; done 2>/dev/null)
