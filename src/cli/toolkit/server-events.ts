/** A server-sent event (HTML standard, section 9.2.6): the fields that the admin API uses. */
export interface ReceivedEvent {
  readonly id: string;
  readonly data: string;
}

/** Parses a stream of server-sent events. Comments and other fields are skipped. */
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
