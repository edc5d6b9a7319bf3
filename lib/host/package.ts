export type PackageType = 'deb' | 'rpm' | 'snap' | 'apk' | 'pacman';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** As the manager writes it (`amd64`, `noarch`, `any`); empty when it does not say. */
  readonly arch: string;
  readonly type: PackageType;
  /** UTC milliseconds; null when unknown. */
  readonly installedAt: number | null;
  /** Id of the key that signed an rpm. */
  readonly signature?: string;
}
