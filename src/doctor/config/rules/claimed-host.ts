import { describe, headOf } from '../analysis.ts';
import { replaceArgument } from '../edit.ts';
import type { Rule } from '../rule.ts';

/** The host of the request line and the header Host may differ. */
export const claimedHost: Rule = {
  code: 'PD019',
  title: 'The auth service judges another host than nginx serves',
  severities: ['warning'],
  *find({ authLocations }) {
    for (const { location } of authLocations) {
      for (const line of location.effective('proxy_set_header')) {
        const [name = '', value = ''] = line.args;
        if (!/^(host|x-original-ur[il]|x-forwarded-(host|ur[il]))$/i.test(name)) continue;
        if (!/\$(http_host\b|\{http_host\})/.test(value)) continue;
        yield {
          severity: 'warning',
          at: line,
          about: describe(location),
          because: [headOf(location)],
          meaning:
            'nginx chooses the server by the host of the request line where there is one (GET http://public.example/), while $http_host is the header Host. A client can make the auth service judge one host and be served another.',
          change: `Use $host, which is what nginx goes by: ${name} ${value.replaceAll('$http_host', '$host')}. It has no port; where the auth service needs one, write it down ($host:8443).`,
          ...(line.source === location.directive?.source && {
            edits: [
              replaceArgument(line, 1, value.replace(/\$(http_host\b|\{http_host\})/g, '$host')),
            ],
          }),
        };
      }
    }
  },
};
