//! Pictures of the card, and how much two of them differ to the eye.

use std::io::Cursor;

/// Pixels are compared in squares of so many, which takes the edge off the drawing of letters.
const SQUARE: usize = 8;
/// So much may the mean of a square differ in each colour, of 255.
const SHADE: u32 = 10;
/// So many pixels may width and height differ.
const SLACK: usize = 1;

/// A PNG has so many colours at most.
const COLOURS: usize = 96;
/// So far (squared) are two colours of the edges of letters from each other.
const EDGES_APART: u32 = 1_000;

/// A picture, three bytes a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// A picture in one colour.
    pub fn plain(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self {
            width,
            height,
            pixels: vec![colour; width * height],
        }
    }

    /// From a PNG of whatever kind.
    pub fn from_png(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a PNG");
        let mut data = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut data).expect("a whole PNG");
        let samples = info.color_type.samples();
        assert!(samples >= 3, "a coloured PNG: {:?}", info.color_type);
        let pixels = data[..info.buffer_size()].chunks(samples);
        Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels: pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        }
    }

    /// As a PNG of few colours, each pixel in the nearest of them.
    pub fn to_png(&self) -> Vec<u8> {
        let palette = self.palette();
        let mut known = std::collections::HashMap::new();
        let indices: Vec<u8> = self
            .pixels
            .iter()
            .map(|pixel| {
                *known
                    .entry(*pixel)
                    .or_insert_with(|| nearest(&palette, *pixel))
            })
            .collect();
        let mut file = Vec::new();
        let size = |length: usize| u32::try_from(length).expect("a small picture");
        let mut encoder = png::Encoder::new(&mut file, size(self.width), size(self.height));
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().expect("written to memory");
        writer
            .write_image_data(&indices)
            .expect("written to memory");
        writer.finish().expect("written to memory");
        file
    }

    /// Lays `other` over this picture.
    pub fn paste(&mut self, other: &Self, left: usize, top: usize) {
        for row in 0..other.height {
            let from = &other.pixels[row * other.width..][..other.width];
            self.pixels[(top + row) * self.width + left..][..other.width].copy_from_slice(from);
        }
    }

    /// A part of this picture.
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let rows = self.pixels.chunks(self.width).skip(top).take(height);
        Self {
            width,
            height,
            pixels: rows
                .flat_map(|row| row[left..left + width].to_vec())
                .collect(),
        }
    }

    /// What is different to the eye, in words; `None` where nothing is.
    pub fn differs_from(&self, other: &Self) -> Option<String> {
        let size = |picture: &Self| (picture.width, picture.height);
        let (ours, theirs) = (size(self), size(other));
        if ours.0.abs_diff(theirs.0) > SLACK || ours.1.abs_diff(theirs.1) > SLACK {
            return Some(format!("{ours:?} pixels instead of {theirs:?}"));
        }
        let (columns, rows) = (ours.0.min(theirs.0), ours.1.min(theirs.1));
        let squares = |length: usize| (0..length / SQUARE).map(|n| n * SQUARE);
        let differing: Vec<_> = squares(rows)
            .flat_map(|top| squares(columns).map(move |left| (left, top)))
            .filter(|(left, top)| {
                let (ours, theirs) = (self.mean(*left, *top), other.mean(*left, *top));
                ours.iter().zip(theirs).any(|(a, b)| a.abs_diff(b) > SHADE)
            })
            .collect();
        let first = differing.first()?;
        Some(format!(
            "{} squares of {SQUARE} pixels differ, the first at {first:?}",
            differing.len()
        ))
    }

    fn mean(&self, left: usize, top: usize) -> [u32; 3] {
        let mut sum = [0; 3];
        for row in top..top + SQUARE {
            for pixel in &self.pixels[row * self.width + left..][..SQUARE] {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
            }
        }
        let count = u32::try_from(SQUARE * SQUARE).expect("a few");
        sum.map(|sum| sum / count)
    }

    /// The colours of surfaces as they are, the largest first; then some of the edges of letters.
    fn palette(&self) -> Vec<[u8; 3]> {
        let mut chosen = by_frequency(self.inside());
        chosen.truncate(COLOURS);
        for colour in by_frequency(self.pixels.iter().copied()) {
            let is_new = chosen
                .iter()
                .all(|known| distance(*known, colour) > EDGES_APART);
            if is_new && chosen.len() < COLOURS {
                chosen.push(colour);
            }
        }
        chosen
    }

    /// The pixels that are like those above them and to their left: no edges.
    fn inside(&self) -> impl Iterator<Item = [u8; 3]> {
        let width = self.width;
        (width + 1..self.pixels.len()).filter_map(move |at| {
            let pixel = self.pixels[at];
            let around = [at - 1, at - width, at - width - 1];
            let is_inside = around.iter().all(|other| self.pixels[*other] == pixel);
            is_inside.then_some(pixel)
        })
    }
}

/// Each colour once, the most frequent first.
fn by_frequency(pixels: impl Iterator<Item = [u8; 3]>) -> Vec<[u8; 3]> {
    let mut counts = std::collections::BTreeMap::new();
    for pixel in pixels {
        *counts.entry(pixel).or_insert(0_usize) += 1;
    }
    let mut colours: Vec<_> = counts.into_iter().collect();
    colours.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    colours.into_iter().map(|(colour, _)| colour).collect()
}

/// The square of how far two colours are from each other.
fn distance(colour: [u8; 3], other: [u8; 3]) -> u32 {
    let differences = colour
        .iter()
        .zip(other)
        .map(|(a, b)| u32::from(a.abs_diff(b)));
    differences.map(|difference| difference * difference).sum()
}

fn nearest(palette: &[[u8; 3]], pixel: [u8; 3]) -> u8 {
    let place = (0..palette.len()).min_by_key(|place| distance(palette[*place], pixel));
    u8::try_from(place.expect("a colour")).expect("few colours")
}

#[test]
fn pictures_differ_by_a_colour_or_a_pixel_of_height_too_much_and_not_by_the_edge_of_a_letter() {
    let paper = Picture::plain(40, 40, [255; 3]);
    let dotted = |colour, size| {
        let mut picture = paper.clone();
        picture.paste(&Picture::plain(size, size, colour), 13, 13);
        picture
    };
    assert_eq!(paper.differs_from(&paper), None);
    assert_eq!(dotted([200; 3], 2).differs_from(&paper), None);
    assert!(
        dotted([240, 147, 43], 9)
            .differs_from(&dotted([200, 55, 45], 9))
            .is_some()
    );
    assert!(dotted([0; 3], 9).differs_from(&paper).is_some());
    assert_eq!(paper.part(0, 0, 40, 39).differs_from(&paper), None);
    assert!(paper.part(0, 0, 40, 38).differs_from(&paper).is_some());
    let coloured = dotted([1, 2, 3], 9);
    assert_eq!(Picture::from_png(&coloured.to_png()), coloured);
    // The edge of a letter takes the colour of the letter's inside.
    let mut edged = coloured.clone();
    edged.paste(&Picture::plain(1, 1, [9, 2, 3]), 13, 13);
    assert_eq!(Picture::from_png(&edged.to_png()), coloured);
}
