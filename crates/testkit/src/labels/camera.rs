//! What a handheld's camera sees of a label: turned, tilted, blurred, unevenly lit, noisy.

use image::{GrayImage, Luma};

/// Focal length of the camera in pixels of a 1280 pixel wide frame.
const FOCAL_PX: f64 = 1_200.0;
/// Samples in each direction of a pixel.
const SAMPLES: u32 = 3;

/// How the camera looks at the label. Angles are in degrees, lengths in pixels of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraView {
    /// Settles noise and dirt; equal seeds give equal bytes.
    pub seed: u64,
    pub width: u32,
    pub height: u32,
    /// Turn in the plane of the picture, clockwise.
    pub angle_deg: f64,
    /// Turn of the label about its vertical axis, which makes one side smaller.
    pub tilt_deg: f64,
    /// Size of a module in the middle of the label.
    pub pixels_per_module: f64,
    /// The label's centre, from the centre of the frame.
    pub offset: (f64, f64),
    /// Standard deviation of a Gaussian.
    pub blur_px: f64,
    /// Standard deviation in grey levels.
    pub noise: f64,
    /// How much darker the right edge of the frame is than the left one, 0 to 1.
    pub uneven_light: f64,
    /// Grey levels, 0 is black.
    pub ink: u8,
    pub paper: u8,
    pub background: u8,
}

impl Default for CameraView {
    /// A steady hand in a lit hall.
    fn default() -> Self {
        Self {
            seed: 1,
            width: 1280,
            height: 720,
            angle_deg: 0.0,
            tilt_deg: 0.0,
            pixels_per_module: 3.0,
            offset: (0.0, 0.0),
            blur_px: 0.6,
            noise: 3.0,
            uneven_light: 0.15,
            ink: 40,
            paper: 215,
            background: 105,
        }
    }
}

impl CameraView {
    /// The same view at the distance at which `label` fills nine tenths of the frame, but not
    /// nearer than six pixels a module.
    pub fn fitted(mut self, label: &GrayImage) -> Self {
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        let (wide, high) = (f64::from(label.width()), f64::from(label.height()));
        let across = wide * cos.abs() + high * sin.abs();
        let down = wide * sin.abs() + high * cos.abs();
        let fits = (f64::from(self.width) / across).min(f64::from(self.height) / down) * 0.9;
        self.pixels_per_module = fits.min(6.0);
        self
    }
}

/// The frame a camera takes of `label`, whose pixels are modules.
pub fn camera_like(label: &GrayImage, view: &CameraView) -> GrayImage {
    let mut random = Random::new(view.seed);
    let width = view.width as usize;
    let mut frame = vec![f64::from(view.background); width * view.height as usize];
    for (at, grey) in frame.iter_mut().enumerate() {
        let (x, y) = ((at % width) as f64, (at / width) as f64);
        *grey = sampled(label, view, x, y);
    }
    blur(&mut frame, width, view.blur_px);
    for (at, grey) in frame.iter_mut().enumerate() {
        let across = (at % width) as f64 / view.width as f64;
        *grey = *grey * (1.0 - view.uneven_light * across) + random.normal() * view.noise;
    }
    to_picture(view.width, view.height, &frame)
}

/// A frame of noise about a middle grey, which no decoder should read anything in.
pub fn noise_frame(width: u32, height: u32, seed: u64, deviation: f64) -> GrayImage {
    let mut random = Random::new(seed);
    let pixels = width as usize * height as usize;
    let frame: Vec<f64> = (0..pixels)
        .map(|_| 128.0 + random.normal() * deviation)
        .collect();
    to_picture(width, height, &frame)
}

/// Grey of a frame pixel: the mean of several places of the label that it covers.
fn sampled(label: &GrayImage, view: &CameraView, x: f64, y: f64) -> f64 {
    let centre = place_on_label(label, view, x + 0.5, y + 0.5);
    let (wide, high) = (f64::from(label.width()), f64::from(label.height()));
    // Most pixels lie far outside, and one look tells.
    let near = |at: f64, size: f64| at > -4.0 && at < size + 4.0;
    if !near(centre.0, wide) || !near(centre.1, high) {
        return f64::from(view.background);
    }
    let mut sum = 0.0;
    for sample in 0..SAMPLES * SAMPLES {
        let part = |number: u32| (f64::from(number) + 0.5) / f64::from(SAMPLES);
        let (u, v) = place_on_label(
            label,
            view,
            x + part(sample % SAMPLES),
            y + part(sample / SAMPLES),
        );
        let inside = u >= 0.0 && v >= 0.0 && u < wide && v < high;
        sum += f64::from(match inside {
            true if label.get_pixel(u as u32, v as u32).0[0] < 128 => view.ink,
            true => view.paper,
            false => view.background,
        });
    }
    sum / f64::from(SAMPLES * SAMPLES)
}

/// Which place of the label, in modules, lies behind a place of the frame.
fn place_on_label(label: &GrayImage, view: &CameraView, x: f64, y: f64) -> (f64, f64) {
    let right = x - f64::from(view.width) / 2.0 - view.offset.0;
    let down = y - f64::from(view.height) / 2.0 - view.offset.1;
    // A plane turned about its vertical axis at the distance at which one unit is one pixel.
    let (tilt_sin, tilt_cos) = view.tilt_deg.to_radians().sin_cos();
    let depth = FOCAL_PX * tilt_cos - right * tilt_sin;
    if depth < 1.0 {
        return (f64::MIN, f64::MIN);
    }
    let plane_x = right * FOCAL_PX / depth;
    let plane_y = down * (FOCAL_PX + plane_x * tilt_sin) / FOCAL_PX;
    let (sin, cos) = view.angle_deg.to_radians().sin_cos();
    let (u, v) = (plane_x * cos + plane_y * sin, plane_y * cos - plane_x * sin);
    (
        u / view.pixels_per_module + f64::from(label.width()) / 2.0,
        v / view.pixels_per_module + f64::from(label.height()) / 2.0,
    )
}

/// A Gaussian blur, rows then columns.
fn blur(frame: &mut [f64], width: usize, deviation_px: f64) {
    if deviation_px <= 0.0 || width == 0 {
        return;
    }
    let reach = (deviation_px * 3.0).ceil() as isize;
    let weight = |at: isize| (-((at * at) as f64) / (2.0 * deviation_px * deviation_px)).exp();
    let total: f64 = (-reach..=reach).map(weight).sum();
    let weights: Vec<f64> = (-reach..=reach).map(|at| weight(at) / total).collect();
    let height = frame.len() / width;
    let mut pass = |length: usize, lines: usize, step: usize, line_step: usize| {
        for line in 0..lines {
            let at = |place: usize| line * line_step + place * step;
            let before: Vec<f64> = (0..length).map(|place| frame[at(place)]).collect();
            for place in 0..length {
                let taps = weights.iter().enumerate().map(|(tap, weight)| {
                    let from = place as isize + tap as isize - reach;
                    weight * before[from.clamp(0, length as isize - 1) as usize]
                });
                frame[at(place)] = taps.sum();
            }
        }
    };
    pass(width, height, 1, width);
    pass(height, width, width, 1);
}

fn to_picture(width: u32, height: u32, frame: &[f64]) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let grey = frame[y as usize * width as usize + x as usize];
        Luma([grey.round().clamp(0.0, 255.0) as u8])
    })
}

/// xorshift64*, seeded through splitmix64 so that near seeds give unlike noise.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((state ^ (state >> 31)) | 1)
    }

    /// 0 to 1, 1 excluded.
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, deviation 1, near enough to a Gaussian: a sum of four uniforms.
    fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.uniform()).sum();
        (sum - 2.0) * 3f64.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_bytes() {
        let label = GrayImage::from_fn(20, 10, |x, _| Luma([if x % 2 == 0 { 0 } else { 255 }]));
        let view = CameraView {
            width: 160,
            height: 120,
            angle_deg: 20.0,
            ..CameraView::default()
        };
        assert_eq!(camera_like(&label, &view), camera_like(&label, &view));
        assert_ne!(
            camera_like(&label, &view),
            camera_like(&label, &CameraView { seed: 2, ..view })
        );
        assert_eq!(noise_frame(9, 9, 4, 5.0), noise_frame(9, 9, 4, 5.0));
    }

    #[test]
    fn the_label_lies_in_the_middle() {
        let label = GrayImage::from_pixel(20, 10, Luma([255]));
        let view = CameraView {
            noise: 0.0,
            uneven_light: 0.0,
            ..CameraView::default()
        };
        let frame = camera_like(&label, &view);
        assert_eq!(frame.get_pixel(640, 360).0, [view.paper]);
        assert_eq!(frame.get_pixel(10, 10).0, [view.background]);
        assert_eq!(frame.get_pixel(640 + 36, 360).0, [view.background]);
    }
}
