import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replaceInvisible } from '../../src/lib/replace-invisible.ts';
import { isLine, isSubject } from '../../src/lib/text-line.ts';

/** Control, format and unseen characters, separators, and halves of surrogate pairs. */
const unseen =
  /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb]/u;
const joining = /\u200c|\u200d|[\ufe00-\ufe0f]/u;

test('nobody is named with a character that is not seen, and with every other', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    const isUnseen = unseen.test(character);
    const name = code.toString(16);
    assert.equal(isSubject(`a${character}b`), !isUnseen, name);
    assert.equal(isLine(`a${character}b`), !isUnseen || joining.test(character), name);
  }
});

test('a name has no white space around it, and is not empty', () => {
  for (const text of ['', ' ', ' a', 'a ', '\u00a0a', 'a\u3000', '\ta']) {
    assert.equal(isSubject(text), false, JSON.stringify(text));
  }
  assert.ok(isSubject('a b'));
});

test('what is shown to people holds nothing that is not seen, but for joiners', () => {
  const shown = replaceInvisible('a\u202eb\u2028c\u200bd\ufeffe\u001b[2Jf\u009bg');
  assert.equal(shown, 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffd[2Jf\ufffdg');
  assert.equal(replaceInvisible('👩\u200d💻 Zoë'), '👩\u200d💻 Zoë');
});
