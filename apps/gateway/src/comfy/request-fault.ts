/**
 * A request that ComfyUI's handlers themselves stumble over: answered, as there, with 500 and two lines of text.
 * It is the client's fault and is not logged as ours.
 */
export class RequestFault extends Error {
  override readonly name = 'RequestFault'
}
