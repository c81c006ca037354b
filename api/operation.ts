import type { Static, TObject, TSchema } from 'typebox';
import type { LimitedAction } from '../policy/limits.ts';
import type { ErrorCode } from '../schemas/errors.ts';
import type { Identity } from '../schemas/identity.ts';

/** Who asks, and from where. */
export interface Caller<Who = Identity | undefined> {
  readonly identity: Who;
  /** The client's address, for limits. */
  readonly address: string;
  /** The device that asks: the token's did, or else the client id of an MQTT connection. */
  readonly did?: string;
  /** The connection goes on under this identity, a newer one of the same user (auth.refresh over MQTT). */
  readonly renew?: (identity: Identity) => void;
}

/**
 * One operation, two doors: declared once, served as `METHOD /v1{path}` and as `req/{name}`.
 *
 * `input` is one object: over HTTP its members come from the path, then the query (GET, DELETE) or the JSON body, over
 * MQTT from the payload; unknown members are refused with `request.invalid`.
 */
export interface Operation<In extends TObject = TObject, Out extends TSchema = TSchema> {
  /** `family.verb`, as in `req/{name}`. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /v1; members of the path in braces, as in OpenAPI: `/users/{uid}`. */
  readonly path: string;
  readonly summary: string;
  /** `none`: without a token; `user`: any valid token; `admin`: scope admin. */
  readonly access: 'none' | 'user' | 'admin';
  readonly input: In;
  /** The shape of `data`; over HTTP the whole body. */
  readonly output: Out;
  /** HTTP status of success. */
  readonly status: 200 | 201 | 202 | 204;
  /** HTTP status where it was done before, and the answer is that of then. */
  readonly repeatStatus?: 200;
  /** What the documents show as the input, where the handler checks a part of it by itself. */
  readonly payload?: TObject;
  /** The errors it can answer besides those every operation has. */
  readonly errors: readonly ErrorCode[];
  /** The kind of action whose own limit it counts against, besides that of all requests. */
  readonly limit?: LimitedAction;
  handle(input: Static<In>, caller: Caller): Promise<Static<Out> | WithStatus<Static<Out>>>;
}

type Answer<Out extends TSchema> = Promise<Static<Out> | WithStatus<Static<Out>>>;

/** An operation that anyone may ask for, as an entry of the table. */
export const openOperation = <In extends TObject, Out extends TSchema>(
  declared: Omit<Operation<In, Out>, 'access'>,
): Operation => ({ ...declared, access: 'none' }) as unknown as Operation;

/** An operation for users, as an entry of the table: its handler always knows who asks. */
export const userOperation = <In extends TObject, Out extends TSchema>(
  declared: Omit<Operation<In, Out>, 'access' | 'handle'> & {
    handle(input: Static<In>, caller: Caller<Identity>): Answer<Out>;
  },
): Operation => ({ ...declared, access: 'user' }) as unknown as Operation;

/** An operation of the server API, for the scope `admin`, as an entry of the table. */
export const adminOperation = <In extends TObject, Out extends TSchema>(
  declared: Omit<Operation<In, Out>, 'access' | 'handle'> & {
    handle(input: Static<In>, caller: Caller<Identity>): Answer<Out>;
  },
): Operation => ({ ...declared, access: 'admin' }) as unknown as Operation;

/** An answer whose HTTP status differs from the operation's usual one (200 for a repeated send). */
export class WithStatus<T> {
  readonly status: number;
  readonly data: T;

  constructor(status: number, data: T) {
    this.status = status;
    this.data = data;
  }
}
