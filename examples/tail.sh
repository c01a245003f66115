#!/bin/sh
# Prints the frames of the stream, each a line, with nothing but curl: server-sent events.
#
#   RELAY=http://127.0.0.1:8787 TOKEN=… sh examples/tail.sh 'from=snapshot&types=session.*'
#
# Goes on where it was after a disconnect, and in the next run too if PLACE names a file to keep.
set -eu
place=${PLACE:-$(mktemp)}

while :; do
  # The header is left out as long as the file is empty.
  curl --silent --no-buffer "$RELAY/v1/stream?${1-}" --write-out 'status: %{response_code}\n' \
    -H 'Accept: text/event-stream' -H "Authorization: Bearer $TOKEN" \
    -H "Last-Event-ID: $(cat "$place" 2>/dev/null)" |
    while IFS= read -r line; do
      case $line in
        'id: '*) id=${line#id: } ;;
        'data: '*) data=${data-}${line#data: } ;;
        # The end of an event: what was broken off before it does not count.
        '') [ -z "${data-}" ] || { printf '%s\n' "$data"; printf '%s' "${id-}" >"$place"; data=; } ;;
        *'status: 4'[!2]?) echo "${line%status:*}" >&2; exit 1 ;;
      esac
    done || exit
  sleep 1
done
