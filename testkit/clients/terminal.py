"""Runs a command on a terminal of its own (pty) and tells what happens there, a JSON line each.

Output is stopped from the start where the first argument is "held" (as by Ctrl-S). Commands come on standard
input, a line each: "type TEXT" (JSON), "go" (resumes output, as Ctrl-Q does), "echo" (tells whether the
terminal shows what is typed).
"""
import json, os, pty, select, sys, termios

primary, secondary = pty.openpty()
if sys.argv[1] == 'held':
    termios.tcflow(secondary, termios.TCOOFF)
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(primary)
    for number in (0, 1, 2):
        os.dup2(secondary, number)
    os.execvp(sys.argv[2], sys.argv[2:])

if sys.argv[1] != 'held':
    # So that the terminal ends with the program.
    os.close(secondary)

def tell(**what):
    print(json.dumps(what), flush=True)

tell(pid=pid)
pending = b''
while True:
    ready, _, _ = select.select([primary, 0], [], [])
    if primary in ready:
        try:
            shown = os.read(primary, 65536)
        except OSError:
            break
        tell(shown=shown.decode('utf8', 'replace'))
    if 0 in ready:
        data = os.read(0, 65536)
        if data == b'':
            break
        pending += data
        while b'\n' in pending:
            line, pending = pending.split(b'\n', 1)
            word, _, rest = line.decode().partition(' ')
            if word == 'type':
                os.write(primary, json.loads(rest).encode())
            elif word == 'go':
                termios.tcflow(secondary, termios.TCOON)
                os.close(secondary)
            tell(done=word, echo=bool(termios.tcgetattr(primary)[3] & termios.ECHO))
