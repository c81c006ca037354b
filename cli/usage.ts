export const usage = `Petrel, a chat server that speaks plain MQTT 5.

Usage: petrel <command> [options]

  petrel start [--role all|broker|api|worker] [--config FILE]
      Starts the server. Needs no configuration: MQTT on 1883, HTTP and WebSocket on 8080, data in ./data.

  petrel check-config [--role ROLE] [FILE]
      Says whether a configuration is right for a role, without starting anything.

  petrel token <uid> [--scope admin] [--ttl 3600] [--did ID] [--plat web|desktop|mobile|iot|bot] [--config FILE]
      Prints an access token for a user. Also works while the server runs.

  petrel chat <uid> [uid|g:gid] [--url URL [--register]] [--token TOKEN] [--config FILE]
      A chat in the terminal. At URL with a password, which is asked for; without one as any user of the server that
      runs here with this configuration.

  petrel tail <uid> [uid|g:gid] [--json] [--url URL] [--token TOKEN] [--config FILE]
      Prints the messages a user is sent as they come, with --json one JSON object a line.

  petrel send <uid> <uid|g:gid> <text|-> [--id ID] [--timeout 30] [--url URL] [--token TOKEN] [--config FILE]
      Says something as a user (- reads it from the input) and prints its number when it is stored.

  petrel export FOLDER [--config FILE]
      Writes all that the store has into a folder, while no server uses it. Cut short, it goes on when called again.

  petrel import FOLDER [--config FILE]
      Writes such a folder into the store of this configuration, which is empty, and compares. Goes on as export does.

  petrel verify FOLDER
      Says whether the files of such a folder are what was written.

  petrel --help
  petrel --version

FILE is YAML or JSON; PETREL_CONFIG names it too. Every key is also a variable: mqtt.port is PETREL_MQTT_PORT.
Exit codes: 0 stopped or done, 1 failed, 64 wrong usage, 78 wrong configuration.`;
