import type { Board } from "./board.js";

/**
 * What a global object of a sketch, `Serial` or `EEPROM`, holds: on each board its own, made when it is first asked for, and
 * gone with the life, as RAM is.
 */
export class PerLife<State extends object> {
  readonly #states = new WeakMap<Board, State>();
  readonly #create: (board: Board) => State;
  readonly #end: (state: State) => void;

  /** `end`: lets go of what the state holds, once, when the life ends. */
  constructor(create: (board: Board) => State, end: (state: State) => void = () => {}) {
    this.#create = create;
    this.#end = end;
  }

  of(board: Board): State {
    const known = this.#states.get(board);
    if (known !== undefined) return known;
    const state = this.#create(board);
    this.#states.set(board, state);
    const drop = (): void => {
      this.#states.delete(board);
      this.#end(state);
    };
    board.own({ drop, close: async () => drop() });
    return state;
  }
}
