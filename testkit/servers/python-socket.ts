import { spawn } from 'node:child_process';
import { needProgram } from '../../scripts/programs.ts';
import type { Scope } from '../scope.ts';

const program = `
import asyncio, websockets

async def main():
    async def idle(socket, *_):
        await socket.wait_closed()
    async with websockets.serve(idle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
`;

/** Starts a WebSocket server of Python's websockets, which takes the RFC at its word; gives its port. */
export async function startPythonServer(t: Scope): Promise<number> {
  const child = spawn(needProgram('python3'), ['-c', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(() => {
    child.kill();
    return ended;
  });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(String(chunk))));
    child.once('close', () => reject(new Error('the Python server ended')));
  });
}
