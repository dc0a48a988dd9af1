import type { Directive } from '../../../proxies/nginx/syntax/index.ts';

/** A block of the configuration in which directives are inherited from the one around it. */
export type ScopeKind = 'http' | 'server' | 'location' | 'if' | 'limit_except';

/** How a location is chosen. */
export type LocationMatch =
  | { readonly kind: 'exact' | 'prefix' | 'prefix-final'; readonly path: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly kind: 'named'; readonly name: string };

/** One block with what stands in it, and the blocks around and inside it. */
export class Scope {
  readonly kind: ScopeKind;
  /** Undefined for the outermost scope of a fragment. */
  readonly directive: Directive | undefined;
  readonly parent: Scope | undefined;
  readonly directives: readonly Directive[];
  readonly children: Scope[] = [];
  readonly #byName = new Map<string, Directive[]>();
  readonly #byDirective = new Map<Directive, Scope>();

  constructor(
    kind: ScopeKind,
    directives: readonly Directive[],
    parent?: Scope,
    directive?: Directive,
  ) {
    this.kind = kind;
    this.directive = directive;
    this.parent = parent;
    this.directives = directives;
    for (const one of directives) {
      const same = this.#byName.get(one.name);
      if (same === undefined) this.#byName.set(one.name, [one]);
      else same.push(one);
      const inner = scopeKindOf(one);
      if (inner === undefined || one.block === undefined) continue;
      const child = new Scope(inner, one.block.directives, this, one);
      this.children.push(child);
      this.#byDirective.set(one, child);
    }
  }

  /** The directives of this name that stand in this very block. */
  own(name: string): readonly Directive[] {
    return this.#byName.get(name) ?? [];
  }

  /** The scope that a directive of this block opens. */
  childOf(directive: Directive): Scope | undefined {
    return this.#byDirective.get(directive);
  }

  /** This scope and those around it, from the inside out. */
  *chain(): Generator<Scope> {
    let scope: Scope | undefined = this;
    while (scope !== undefined) {
      yield scope;
      scope = scope.parent;
    }
  }

  /** The nearest scope of a kind, this one included. */
  nearest(kind: ScopeKind): Scope | undefined {
    for (const scope of this.chain()) if (scope.kind === kind) return scope;
    return undefined;
  }

  /**
   * The directives of a name that are in force here. nginx inherits them from one level only: as
   * soon as a block has one of that name, nothing of that name comes from outside.
   */
  effective(name: string): readonly Directive[] {
    for (const scope of this.chain()) {
      const own = scope.own(name);
      if (own.length > 0) return own;
    }
    return [];
  }

  /** The last argument list of a directive that stands once; undefined where it does not stand. */
  value(name: string): readonly string[] | undefined {
    return this.effective(name).at(-1)?.args;
  }

  /** Of `server` and `location` scopes: the locations right inside. */
  locations(): readonly Scope[] {
    return this.children.filter(({ kind }) => kind === 'location');
  }

  /** How a location is chosen; undefined for other scopes and for one that nginx would not take. */
  get match(): LocationMatch | undefined {
    return this.kind === 'location' ? readMatch(this.directive?.args ?? []) : undefined;
  }

  /** What this block is called in a message: `location /ws`. */
  get title(): string {
    return [this.kind, ...(this.directive?.args ?? [])].join(' ');
  }
}

function scopeKindOf({ name }: Directive): ScopeKind | undefined {
  switch (name) {
    case 'server':
    case 'location':
    case 'if':
    case 'limit_except':
      return name;
    default:
      return undefined;
  }
}

function readMatch(args: readonly string[]): LocationMatch | undefined {
  const joined = args.length === 1 ? /^(=|\^~|~\*|~)?(.+)$/s.exec(args[0] ?? '') : undefined;
  const [modifier, path] =
    joined != null ? [joined[1] ?? '', joined[2] ?? ''] : [args[0] ?? '', args[1] ?? ''];
  switch (modifier) {
    case '':
      return path.startsWith('@') ? { kind: 'named', name: path } : { kind: 'prefix', path };
    case '=':
      return { kind: 'exact', path };
    case '^~':
      return { kind: 'prefix-final', path };
    case '~':
      return { kind: 'regex', pattern: path, ignoreCase: false };
    case '~*':
      return { kind: 'regex', pattern: path, ignoreCase: true };
    default:
      return undefined;
  }
}
