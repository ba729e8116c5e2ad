/**
 * Layers of a network before a device is chosen. A graph description holds plain ONNX ops and, in this domain, the
 * layers that devices compute in different ways; `emit-cpu.ts` and `cuda/emit-cuda.ts` write them as ops the device has.
 * Images are [batch, channels, height, width] in a description, whatever a device makes of that.
 *
 * | op            | inputs                     | attributes      | value                                                  |
 * |---------------|----------------------------|-----------------|--------------------------------------------------------|
 * | Linear        | x, weight [out, in], bias? |                 | x @ weight.T + bias over the last axis                 |
 * | GatedLinear   | x, weight, bias?           |                 | left half of Linear times gelu of its right half       |
 * | GroupNorm     | image, scale, shift        | groups, epsilon | group normalisation                                    |
 * | Silu          | x                          |                 | x * sigmoid(x)                                         |
 * | AddToChannels | image, values [batch, C]   |                 | a value added to every pixel of a channel              |
 * | ScaleRows     | image, factors [batch, 1]  |                 | each row times its factor                              |
 * | JoinChannels  | image, image, …            |                 | channels one after the other                           |
 * | RepeatPixels  | image                      | factor          | height and width multiplied by repeating pixels        |
 * | RepeatTo      | image, image               |                 | the first brought to the second's size by repeating    |
 * | ToTokens      | image                      | channels        | [batch, height x width, channels]                      |
 * | FromTokens    | tokens, image              |                 | the reverse, in the image's height and width           |
 */
export const LAYERS = 'atelier.layers'

/** How nearest pixels are chosen: by rounding down, as torch does. */
export const NEAREST = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
} as const
