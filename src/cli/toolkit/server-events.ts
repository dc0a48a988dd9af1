/** An event of a stream of server-sent events (HTML standard, section 9.2.6), as far as ours have parts. */
export interface ReceivedEvent {
  readonly id: string;
  readonly data: string;
}

/** Reads the events of a stream, one after the other. Comments and fields of other names are passed over. */
export async function* readEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let id = '';
  let data: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?=[^\n])/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'id') id = value;
      if (field === 'data') data.push(value);
      if (line !== '' || data.length === 0) continue;
      yield { id, data: data.join('\n') };
      data = [];
    }
  }
}
