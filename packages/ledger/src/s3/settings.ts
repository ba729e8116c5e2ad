/** Where pictures are kept in an S3 store. */
export interface S3Settings {
  readonly bucket: string
  /** Address of a store other than Amazon's, such as "http://minio:9000"; the bucket is a part of its paths. */
  readonly endpoint?: string | undefined
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string | undefined
  /** First part of every key; installations may share a bucket. */
  readonly prefix: string
  /** How long blobs of jobs are kept after they were stored, milliseconds. */
  readonly keepMs: number
}
